import ArrayFiles
import ImageFiles

/// The images of an `.npz` file in the ADM suite's form, read one after the other.
///
/// `arr_0`, uint8 `[N, height, width, 3]`; other arrays, such as the labels in `arr_1`, are passed over.
/// Source: Docs/Evaluation.md, section 6.
struct ImageArchive: Sendable {
  /// The name of the images.
  static let arrayName = "arr_0"

  let path: String
  let shape: ImageArrayShape
  private let directory: NumPyArchiveDirectory

  /// Looks at the header of the images.
  ///
  /// - Throws: `ArrayFileError` where they are missing, of another type or of another shape.
  init(_ directory: NumPyArchiveDirectory) throws {
    let name = Self.arrayName
    self.directory = directory
    path = directory.path
    guard directory.has(name) else {
      throw ArrayFileError(
        file: path, array: name,
        problem: "there is no such array, only: \(directory.names.joined(separator: ", "))",
        advice:
          "Save the images as arr_0, uint8 [N, height, width, 3], as numpy.savez(file, images) does."
      )
    }
    let (elementType, shape) = try directory.header(of: name)
    self.shape = try ImageArrayShape(elementType, shape, of: path, array: name)
  }

  /// Opens the images, to be read from the first to the last.
  func stream() throws -> NumPyArrayStream { try directory.stream(Self.arrayName) }

  /// The next images of a stream.
  func images(_ count: Int, from stream: NumPyArrayStream) throws -> [RGBImage] {
    shape.images(try stream.elements(count * shape.imageSize, as: UInt8.self))
  }
}

/// The sizes of an array of images, uint8 `[N, height, width, 3]`.
struct ImageArrayShape: Sendable {
  let imageCount: Int
  let height: Int
  let width: Int

  /// Bytes of an image.
  var imageSize: Int { height * width * 3 }

  /// Looks at what a header claims.
  ///
  /// - Throws: `ArrayFileError` for another type or shape; `SizeError`.
  init(_ elementType: ArrayElementType, _ shape: [Int], of path: String, array: String?) throws {
    guard elementType == .uint8, shape.count == 4, shape[3] == 3, shape.allSatisfy({ $0 > 0 })
    else {
      throw ArrayFileError(
        file: path, array: array,
        problem: "found \(elementType) of shape \(shape), expected uint8 [N, height, width, 3]",
        advice: "Save images in 0 ... 255, rows, columns and channels in this order.")
    }
    _ = try claimedSize(
      product: Array(shape[1...2]), field: "height x width", of: path,
      limit: RGBImage.pixelCountLimit)
    (imageCount, height, width) = (shape[0], shape[1], shape[2])
  }

  /// The images of so many bytes.
  func images(_ pixels: [UInt8]) -> [RGBImage] {
    (0..<pixels.count / imageSize).map {
      RGBImage(
        height: height, width: width,
        pixels: Array(pixels[$0 * imageSize..<($0 + 1) * imageSize]))
    }
  }
}
