import ArrayFiles
import Inference
public import Reporting

/// Statistics of a set of images, computed once and kept in a file.
public struct StatisticsEvaluation: Sendable {
  /// The images: an archive, a data set, or files and folders.
  public var images: [String]
  /// The file of Inception-v3.
  public var inception: String
  /// The size that images are brought to; nil leaves them as they are.
  public var size: Int?
  /// The `.npz` file.
  public var output: String

  /// A request.
  public init(images: [String], inception: String, size: Int?, output: String) {
    (self.images, self.inception, self.size, self.output) = (images, inception, size, output)
  }

  /// Computes the statistics and publishes the file.
  ///
  /// Collective: every rank, with the same request.
  ///
  /// - Parameter context: The ranks.
  /// - Returns: What was written, on rank 0; nil on the others.
  /// - Throws: `EvaluationError`, and the errors of files, images, networks and ranks.
  public func run(_ context: EvaluationContext) throws -> WrittenStatistics? {
    context.setThreads()
    let set = try context.isFirst ? openFiles(context) : nil
    let file = try InceptionFile(path: inception)
    let sizes = InceptionFeatures.Sizes(of: file.network)
    var features = SetFeatures(
      set?.name ?? "", sizes, SetFeatures.Wanted(), isFirst: context.isFirst)
    let digests = try context.pass.run(set.map { [$0] }) { batches, _ in
      BatchFigures(floats: InceptionFeatures(of: batches[0], file.network).numbers)
    } collect: {
      features.add(InceptionFeatures($0.floats, sizes))
    }
    guard let set, let pool = features.pool, let spatial = features.spatial else { return nil }
    try StatisticsFile(pool: pool.statistics(), spatial: spatial.statistics()).write(to: output)
    return WrittenStatistics(
      output: output, digest: try ContentDigest.ofFile(at: output).prefixed,
      images: MeasurementProtocol.Reference(
        content: "images", digest: digests[0].prepared, imageCount: set.count,
        preparation: set.preparation),
      network: file.record,
      warnings: SmallSets.warnings(
        [(set.name, set.count)], dimensions: [sizes.pool, sizes.spatial]))
  }

  private func openFiles(_ context: EvaluationContext) throws -> ImageSet {
    try OutputCheck.requireApart(output, from: images + [inception])
    try StatisticsFile.requirePlace(output)
    try FileSystem.checkWritable(output)
    let set = try ImageSet(paths: images, size: size)
    context.tell(of: set)
    guard set.count >= 2 else {
      throw EvaluationError.tooFewImages(set: set.name, found: set.count, needed: 2)
    }
    return set
  }
}

/// What `restok evaluate statistics` wrote.
public struct WrittenStatistics: CommandReport, Equatable {
  /// The file.
  public let output: String
  /// The digest of the file.
  public let digest: String
  /// The images that it stands for.
  public let images: MeasurementProtocol.Reference
  /// The network that they were seen through.
  public let network: NetworkRecord
  /// What to bear in mind.
  public let warnings: [String]

  /// A line for each.
  public var description: String {
    let head =
      "\(output) (\(digest)): mu, sigma, mu_s, sigma_s of \(images.imageCount ?? 0) images\n"
      + "images   \(images.digest), preparation: \(images.preparation)\nnetwork  \(network.digest)"
    return ([head] + warnings.map { "bear in mind: \($0)" }).joined(separator: "\n")
  }
}
