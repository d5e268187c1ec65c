public import ArrayFiles
import Reporting

/// The statistics of a set of images in an `.npz` file, as the ADM suite keeps them.
///
/// `mu`, `sigma` of the pooled features, `mu_s`, `sigma_s` of the spatial ones where there are any.
/// Source: Docs/Evaluation.md, section 6.
public struct StatisticsFile: Sendable {
  /// Of the pooled features.
  public let pool: FeatureStatistics
  /// Of the spatial features; nil where the file has none, as those of pytorch-fid.
  public let spatial: FeatureStatistics?

  /// The names of mean and covariance of the pooled features.
  static let poolNames = ("mu", "sigma")
  /// The names of mean and covariance of the spatial features.
  static let spatialNames = ("mu_s", "sigma_s")

  /// Statistics of one set.
  public init(pool: FeatureStatistics, spatial: FeatureStatistics?) {
    (self.pool, self.spatial) = (pool, spatial)
  }

  /// Reads the statistics of a file.
  ///
  /// - Throws: `ArrayFileError` where a mean has no covariance or one of another size, or an array is not of
  ///   floating-point numbers; `EvaluationError` for numbers that are not finite, and where the
  ///   covariance cannot be one.
  public init(_ directory: NumPyArchiveDirectory) throws {
    pool = try Self.statistics(Self.poolNames, in: directory)
    spatial =
      directory.has(Self.spatialNames.0) || directory.has(Self.spatialNames.1)
      ? try Self.statistics(Self.spatialNames, in: directory) : nil
  }

  /// Whether a file has statistics.
  package static func isIn(_ directory: NumPyArchiveDirectory) -> Bool {
    directory.has(poolNames.0) || directory.has(poolNames.1)
  }

  /// Refuses a place where something stands that is more than statistics, such as images or a network.
  ///
  /// - Parameter path: The file that statistics are to be written to; an empty one may be there.
  /// - Throws: `CommandError.unsupported`, `FileError`.
  static func requirePlace(_ path: String) throws {
    guard FileSystem.kind(of: path) == .file, try FileSystem.size(of: path) > 0 else { return }
    let directory = try? NumPyArchiveDirectory(contentsOf: path)
    guard let directory, isIn(directory), !directory.has(ImageArchive.arrayName) else {
      throw CommandError.unsupported(
        "--output \(path): what stands there is no file of statistics alone, which would take its place: name "
          + "another file")
    }
  }

  /// Publishes the file; equal statistics give equal bytes.
  ///
  /// - Throws: `FileError`; then the old file is as it was.
  public func write(to path: String) throws {
    var arrays = Self.arrays(pool, Self.poolNames)
    if let spatial { arrays += Self.arrays(spatial, Self.spatialNames) }
    try NumPyArchive.write(arrays, to: path)
  }

  private static func arrays(
    _ statistics: FeatureStatistics, _ names: (String, String)
  ) -> [(name: String, array: NumPyArray)] {
    let size = statistics.dimension
    return [
      (names.0, NumPyArray(statistics.mean)),
      (names.1, NumPyArray(statistics.covariance, shape: [size, size])),
    ]
  }

  /// The largest number of dimensions that is believed; the features of Inception-v3 have 2048.
  private static let largestDimension = 1 << 14

  private static func statistics(
    _ names: (String, String), in directory: NumPyArchiveDirectory
  ) throws -> FeatureStatistics {
    let shape = try directory.header(of: names.0).shape
    guard shape.count == 1, 1...largestDimension ~= shape[0] else {
      throw ArrayFileError(
        file: directory.path, array: names.0,
        problem: "its shape is \(shape), expected one axis of 1 to \(largestDimension) numbers",
        advice: "Check that the file is one of statistics, with mu and sigma.")
    }
    let covarianceShape = try directory.header(of: names.1).shape
    guard covarianceShape == [shape[0], shape[0]] else {
      throw ArrayFileError(
        file: directory.path, array: names.1,
        problem:
          "its shape is \(covarianceShape), expected \([shape[0], shape[0]]) as \(names.0) has "
          + "\(shape[0]) numbers",
        advice: "The two are not of one set: make the statistics anew.")
    }
    let statistics = FeatureStatistics(
      mean: try directory.doubles(names.0, shape: shape),
      covariance: try directory.doubles(names.1, shape: covarianceShape))
    guard statistics.isFinite else {
      throw EvaluationError.notFinite(set: "\(directory.path)[\(names.0), \(names.1)]")
    }
    if let problem = statistics.covarianceProblem {
      throw EvaluationError.noCovariance(set: "\(directory.path)[\(names.1)]", problem: problem)
    }
    return statistics
  }
}
