import ArrayFiles
import Reporting

/// What samples are compared with: images, statistics of images, or both in one file.
struct ReferenceSource: Sendable {
  let name: String
  /// Read from a file; nil where they have to be computed from the images.
  let statistics: StatisticsFile?
  /// Nil where the file has statistics alone.
  let images: ImageSet?
  private let fileDigest: String?
  private let preparation: String

  /// Looks at what is there.
  ///
  /// - Parameters:
  ///   - paths: An archive, a data set, or files and folders.
  ///   - size: The size that its images are brought to; nil leaves them as they are.
  /// - Throws: The errors of files and of statistics; `CommandError.unsupported` for a size of images whose
  ///   statistics are in the file already.
  init(paths: [String], size: Int?) throws {
    guard paths.count == 1, ImageSet.isArchive(paths[0]) else {
      let images = try ImageSet(paths: paths, size: size)
      (self.images, statistics, fileDigest) = (images, nil, nil)
      (name, preparation) = (images.name, images.preparation)
      return
    }
    let directory = try NumPyArchiveDirectory(contentsOf: paths[0])
    statistics = StatisticsFile.isIn(directory) ? try StatisticsFile(directory) : nil
    guard statistics == nil || size == nil else {
      throw CommandError.unsupported(
        "--reference-size \(size ?? 0): \(VisibleText.name(paths[0])) has statistics, which were made of images as they "
          + "are: leave it out, or name the images themselves")
    }
    images =
      statistics == nil || directory.has(ImageArchive.arrayName)
      ? try ImageSet(paths: paths, size: size) : nil
    name = VisibleText.name(paths[0])
    fileDigest = statistics == nil ? nil : try ContentDigest.ofFile(at: paths[0]).prefixed
    preparation = images?.preparation ?? "as the file's statistics were made"
  }

  /// Refuses statistics of another network.
  func requireDimensions(_ sizes: InceptionFeatures.Sizes) throws(EvaluationError) {
    for (found, expected) in [
      (statistics?.pool.dimension, sizes.pool), (statistics?.spatial?.dimension, sizes.spatial),
    ] {
      guard let found, found != expected else { continue }
      throw .unlikeDimensions(set: name, found: found, expected: expected)
    }
  }

  /// Why spatial distances cannot be had; nil where they can.
  var spatialGap: String? {
    statistics.map { $0.spatial == nil } == true
      ? "the reference has no mu_s and sigma_s, as files of pytorch-fid have none" : nil
  }

  /// Why neighbours cannot be looked for; nil where they can.
  var neighbourGap: String? {
    images == nil ? "the reference has statistics alone, and no images in arr_0" : nil
  }

  /// What a certificate says of it.
  ///
  /// - Parameter pixelDigest: The digest of its images, once they were read.
  /// - Returns: The record.
  func record(pixelDigest: String?) -> MeasurementProtocol.Reference {
    MeasurementProtocol.Reference(
      content: statistics == nil
        ? "images" : images == nil ? "statistics" : "statistics and images",
      digest: fileDigest ?? pixelDigest ?? "", imageCount: images?.count, preparation: preparation)
  }
}
