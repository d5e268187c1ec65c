import ArrayFiles
import Foundation
package import ImageFiles

/// The handwritten digits that come with the program, as two small data sets.
///
/// 1797 grey images of 8 x 8 with 0 ... 16 of ink, enlarged to 32 x 32 by the float bicubic (a =
/// -0.75), clamped to [0, 1], rounded to 8 bits and stored as RGB. They are shuffled by
/// `KeyedPermutation` under the key of seed 0; the last 197 are the evaluation set.
public enum DigitsDataset {
  /// Height and width of the images that are written.
  public static let imageSize = 32
  /// Number of images of the evaluation set.
  public static let evaluationCount = 197
  /// Whom to credit, and the licence.
  public static let attribution =
    "Handwritten digits of 43 people: the test set of \"Optical Recognition of Handwritten Digits\" "
    + "(E. Alpaydin, C. Kaynak, UCI Machine Learning Repository, 1998), licence CC BY 4.0."

  private static let sourceSize = 8

  /// Writes `folder/train` and `folder/evaluation`.
  ///
  /// - Parameter folder: The folder to make; nothing, or an empty folder, may stand there.
  /// - Returns: The two manifests.
  /// - Throws: `DataError` if something is there already or the program's resource is missing;
  ///   `HDF5Error` or `FileError` if the disk refuses. Then nothing is under `folder`.
  @discardableResult
  public static func write(to folder: String) throws -> (
    train: DatasetManifest, evaluation: DatasetManifest
  ) {
    let samples = try shuffledSamples()
    let trainCount = samples.count - evaluationCount
    return try publishFolder(at: folder) { temporary in
      let train = try write(
        samples[..<trainCount], part: "all but the last \(evaluationCount)",
        to: temporary + "/train")
      let evaluation = try write(
        samples[trainCount...], part: "the last \(evaluationCount)",
        to: temporary + "/evaluation")
      return (train, evaluation)
    }
  }

  private static func write(_ samples: ArraySlice<Sample>, part: String, to folder: String) throws
    -> DatasetManifest
  {
    try FileSystem.createDirectory(folder)
    var writer = DatasetWriter(
      folder: folder, image: .rgb8(height: imageSize, width: imageSize),
      classes: (0...9).map(String.init), attribution: attribution,
      provenance: "\(part) of the 1797 images shuffled with seed 0; \(sourceSize) x \(sourceSize) "
        + "enlarged to \(imageSize) x \(imageSize) (bicubic, a = -0.75, align_corners off), "
        + "clamped, grey as RGB")
    for sample in samples { try writer.append(sample) }
    return try writer.finish()
  }

  private static func shuffledSamples() throws -> [Sample] {
    let path = SystemPath.path(of: "Resources/digits.npz", in: Bundle.module.bundlePath)
    let (images, labels) = try DataError.locating(file: path) {
      let archive = try NumPyArchive(contentsOf: path)
      return (
        try archive.array("images").elements(as: UInt8.self),
        try archive.array("labels").elements(as: UInt8.self)
      )
    }
    let pixelCount = sourceSize * sourceSize
    guard images.count == labels.count * pixelCount, labels.count > evaluationCount else {
      throw DataError(
        file: path, dataset: "images",
        problem: "it has \(images.count) pixels for \(labels.count) labels",
        advice: "Build the program again from a fresh copy of its sources.")
    }
    let order = KeyedPermutation(
      count: labels.count, key: KeyMixing.key(seed: 0, .packing))
    return labels.indices.map { position in
      let source = order[position]
      let ink = images[source * pixelCount..<(source + 1) * pixelCount]
      return Sample(
        bytes: enlarged(Array(ink)).pixels, label: Int(labels[source]),
        key: "digit-\(String(source + 10_000).dropFirst())")
    }
  }

  /// The image that is written for 8 x 8 values of ink (0 to 16).
  package static func enlarged(_ ink: [UInt8]) -> RGBImage {
    let plane = BicubicInterpolation.resize(
      ink.map { Float($0) / 16 }, height: sourceSize, width: sourceSize,
      toHeight: imageSize, toWidth: imageSize)
    let grey = plane.map { value in
      UInt8((min(max(value, 0), 1) * 255).rounded(.toNearestOrEven))
    }
    return RGBImage(height: imageSize, width: imageSize, grey: grey)
  }
}
