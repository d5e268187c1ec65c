import ArrayFiles
public import ImageFiles
public import Tensors

/// Images of a model's size from files, folders and arrays, read when they are asked for.
///
/// - JPEG, PNG and WebP files, and those directly in a folder (sorted by the bytes of their names): short
///   side to the size, then the centre, as for an evaluation.
/// - `.npy`: uint8 `N × H × W × 3`, or float32 `N × 3 × H × W` with values in [0, 1]; `.npz`: the
///   array `arr_0`, or the only one. Arrays have the model's size already.
public struct ImageInputs: Sendable {
  private enum Source {
    case file(String)
    case array(ImageArray, index: Int)
  }

  /// Side of the images.
  public let size: Int
  /// A name for every image, without a path and an ending; several may have one.
  public let names: [String]
  /// What is in the folders and was not taken, and why.
  public let omitted: [OmittedFile]
  private let sources: [Source]
  private let orientation: ImageOrientation

  /// Finds the images; files are not decoded yet.
  ///
  /// - Parameters:
  ///   - paths: Files and folders; their images follow each other in this order.
  ///   - size: Side of the images.
  ///   - orientation: Whether pictures of files are turned as their EXIF blocks say.
  /// - Throws: `ImageError` when a path does not exist or has no images; `FileError` or
  ///   `ArrayFileError` when an array cannot be read or has another shape or element type.
  public init(paths: [String], size: Int, orientation: ImageOrientation = .stored) throws {
    precondition(size >= 1, "ImageInputs: images of size \(size)")
    self.size = size
    self.orientation = orientation
    var sources: [Source] = []
    var names: [String] = []
    var omitted: [OmittedFile] = []
    for path in paths {
      let stem = SystemPath.stem(of: path)
      if Self.isArray(path) {
        let array = try ImageArray(contentsOf: path, size: size)
        for index in 0..<array.imageCount {
          sources.append(.array(array, index: index))
          names.append("\(stem)-\(zeroPadded(index, digitCount: 5))")
        }
      } else {
        let listing = try ImageFolder.listing(expanding: [path])
        let files = listing.images
        omitted += listing.omitted
        guard !files.isEmpty else {
          let left = OmittedFile.summary(of: listing.omitted).map { "; " + $0 }.joined()
          throw ImageError.unreadable(
            name: path, reason: "no image files are in the folder" + left)
        }
        sources += files.map { .file($0) }
        names += files.map(SystemPath.stem)
      }
    }
    self.sources = sources
    self.omitted = try SamplingRecord.without(omitted)
    self.names = names
  }

  /// The number of images.
  public var count: Int { sources.count }

  /// An image of the model's size.
  ///
  /// Of a float32 array the values are rounded to 8 bits.
  ///
  /// - Throws: `ImageError` that names the file; `ArrayFileError` that names array, image and value
  ///   when a value is not in [0, 1].
  public func image(at index: Int) throws -> RGBImage {
    switch sources[index] {
    case .file(let path):
      try RGBImage(contentsOfFile: path, orientation: orientation) { height, width in
        .evaluation(size: size, ofHeight: height, width: width)
      }
    case .array(let array, let index): try array.image(at: index)
    }
  }

  /// Says what an image is made from: where it is, and when that was changed last.
  ///
  /// - Throws: `FileError`.
  func origin(of index: Int) throws -> String {
    switch sources[index] {
    case .file(let path): "\(path) \(try FileIdentity(of: path).sharedText)"
    case .array(let array, let index):
      "\(array.path) \(try FileIdentity(of: array.path).sharedText) \(index)"
    }
  }

  /// The batch of some images: `[B, size, size, 3]` of float32 with values in [0, 1].
  ///
  /// The values of a float32 array are taken as they are.
  ///
  /// - Parameter range: At least one index.
  /// - Returns: The batch.
  /// - Throws: As `image(at:)`.
  public func batch(_ range: Range<Int>) throws -> Tensor {
    let valueCount = size * size * 3
    let batch = Tensor(uninitialized: [range.count, size, size, 3])
    for (position, index) in range.enumerated() {
      let target = batch.buffer[position * valueCount..<(position + 1) * valueCount]
      if case .array(let array, let index) = sources[index], array.isFloat {
        target.copy(from: try array.values(at: index))
      } else {
        target.copy(from: Tensor(images: [try image(at: index)]).buffer)
      }
    }
    return batch
  }

  private static func isArray(_ path: String) -> Bool {
    ["npy", "npz"].contains(SystemPath.ending(of: path))
      && !FileSystem.isDirectory(path)
  }
}
