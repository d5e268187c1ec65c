import ArrayFiles
import Datasets
public import ImageFiles
import Inference

/// A set of images in an order: of an archive, of files and folders, or of a data set.
///
/// - `.npz`: `arr_0`, uint8 `[N, height, width, 3]`, read as a stream, so that it may be larger than memory.
/// - `.npy`: the same array, of which what is looked at is read.
/// - A folder with a `dataset.json`: the samples of its shards.
/// - Other folders and files: the images directly in them, sorted by the bytes of their names.
///
/// Source: Docs/Evaluation.md, section 6.
public struct ImageSet: Sendable {
  private enum Content: Sendable {
    case archive(ImageArchive)
    case array(NumPyArray, ImageArrayShape)
    case dataset(ImageDataset)
    case files([String])
  }

  /// What errors and certificates call the set.
  public let name: String
  /// The number of images.
  public let count: Int
  /// Side of the square that every image is brought to; nil leaves images as they are.
  public let size: Int?
  /// What is in folders and was not taken, and why.
  public let omitted: [OmittedFile]
  private let content: Content

  /// Finds the images; none is decoded yet.
  ///
  /// - Parameters:
  ///   - paths: One archive or data set, or any number of files and folders.
  ///   - size: Short side that images are brought to (bicubic, antialiased) before their centre is cut out; nil
  ///     leaves them as they are.
  /// - Throws: `EvaluationError.noImages`, `ArrayFileError` and the errors of files.
  public init(paths: [String], size: Int?) throws {
    precondition(size ?? 1 > 0, "ImageSet: images of size \(size ?? 0)")
    self.size = size
    name = paths.map(VisibleText.name).joined(separator: ", ")
    if let archive = paths.first(where: Self.isArchive) {
      try Self.requireAlone(archive, paths)
      let images = try ImageArchive(NumPyArchiveDirectory(contentsOf: archive))
      (content, count, omitted) = (.archive(images), images.shape.imageCount, [])
    } else if let path = paths.first(where: { Self.isFile($0, ending: "npy") }) {
      try Self.requireAlone(path, paths)
      let array = try NumPyArray(contentsOf: path)
      let shape = try ImageArrayShape(array.elementType, array.shape, of: path, array: nil)
      (content, count, omitted) = (.array(array, shape), shape.imageCount, [])
    } else if let folder = paths.first(where: Self.isDataset) {
      try Self.requireAlone(folder, paths)
      let dataset = try ImageDataset(folder: folder)
      (content, count, omitted) = (.dataset(dataset), dataset.sampleCount, [])
    } else {
      let listing = try ImageFolder.listing(expanding: paths)
      (content, count, omitted) = (
        .files(listing.images), listing.images.count, try SamplingRecord.without(listing.omitted)
      )
    }
    guard count > 0 else {
      throw EvaluationError.noImages(
        path: name,
        problem: (["there are no images in it"] + OmittedFile.summary(of: omitted))
          .joined(separator: "; "),
        advice: "Name an .npz file, a data set, or a folder that images are directly in.")
    }
  }

  /// What is done to an image before it is looked at.
  public var preparation: String { Self.preparation(size: size) }

  /// What is done to images that are brought to a size, in words.
  static func preparation(size: Int?) -> String {
    size.map {
      "short side to \($0), bicubic with antialiasing; centre \($0)x\($0), torchvision's rounding"
    }
      ?? "none"
  }

  /// Opens the set, to be read from the first image to the last.
  ///
  /// - Throws: The errors of files.
  public func reader() throws -> ImageSetReader { try ImageSetReader(self) }

  /// Whether a path is one of an archive of NumPy.
  static func isArchive(_ path: String) -> Bool { isFile(path, ending: "npz") }

  private static func isFile(_ path: String, ending: String) -> Bool {
    SystemPath.ending(of: path) == ending && !FileSystem.isDirectory(path)
  }

  /// Whether a path is one of a data set's folder.
  static func isDataset(_ path: String) -> Bool {
    FileSystem.exists(SystemPath.path(of: DatasetManifest.fileName, in: path))
  }

  private static func requireAlone(_ path: String, _ paths: [String]) throws(EvaluationError) {
    guard paths.count == 1 else {
      throw .noImages(
        path: path, problem: "an array or a data set among \(paths.count) paths",
        advice: "Name one .npz or .npy file, one data set, or files and folders of images.")
    }
  }

  /// Gives the images of a range, which follows the one before.
  fileprivate func images(_ range: Range<Int>, _ stream: NumPyArrayStream?) throws -> [RGBImage] {
    switch content {
    case .archive(let archive):
      guard let stream else { preconditionFailure("ImageSet: no stream of \(name)") }
      return try archive.images(range.count, from: stream)
    case .array(let array, let shape):
      let size = shape.imageSize
      return shape.images(
        try array.elements(in: range.lowerBound * size..<range.upperBound * size))
    case .dataset(let dataset):
      return try range.map { try dataset.image.image(of: dataset.sample(at: $0)) }
    case .files(let paths):
      return try range.map { try RGBImage(contentsOfFile: paths[$0]) }
    }
  }

  fileprivate func stream() throws -> NumPyArrayStream? {
    guard case .archive(let archive) = content else { return nil }
    return try archive.stream()
  }
}

/// Reads the images of a set from the first to the last, and takes the digest of their pixels.
public final class ImageSetReader {
  private let set: ImageSet
  private let stream: NumPyArrayStream?
  private var position = 0
  private var prepared = PixelDigest()
  /// Where images are brought to a size.
  private var stored = PixelDigest()

  init(_ set: ImageSet) throws {
    self.set = set
    stream = try set.stream()
  }

  /// The next images, brought to the set's size.
  ///
  /// - Parameter count: Images that are still to come, or fewer.
  /// - Returns: The images.
  /// - Throws: The errors of files and images.
  /// - Precondition: So many are left.
  public func next(_ count: Int) throws -> [RGBImage] {
    precondition(
      count >= 0 && count <= set.count - position,
      "ImageSetReader: \(count) images of \(set.count - position) that are left")
    let originals = try set.images(position..<position + count, stream)
    position += count
    guard let size = set.size else {
      for image in originals { prepared.add(image) }
      return originals
    }
    let images = originals.map { $0.evaluationCropped(size: size) }
    for image in originals { stored.add(image) }
    for image in images { prepared.add(image) }
    return images
  }

  /// The digests of the images so far.
  var digests: SetDigests {
    SetDigests(
      prepared: prepared.prefixed,
      stored: set.size == nil ? prepared.prefixed : stored.prefixed)
  }
}
