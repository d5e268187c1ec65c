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
  let imageCount: Int
  let height: Int
  let width: Int
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
    guard elementType == .uint8, shape.count == 4, shape[3] == 3, shape.allSatisfy({ $0 > 0 })
    else {
      throw ArrayFileError(
        file: path, array: name,
        problem: "found \(elementType) of shape \(shape), expected uint8 [N, height, width, 3]",
        advice: "Save images in 0 ... 255, rows, columns and channels in this order.")
    }
    _ = try claimedSize(
      product: Array(shape[1...2]), field: "height x width", of: path,
      limit: RGBImage.pixelCountLimit)
    (imageCount, height, width) = (shape[0], shape[1], shape[2])
  }

  /// Opens the images, to be read from the first to the last.
  func stream() throws -> NumPyArrayStream { try directory.stream(Self.arrayName) }

  /// The next images of a stream.
  func images(_ count: Int, from stream: NumPyArrayStream) throws -> [RGBImage] {
    let size = height * width * 3
    let pixels = try stream.elements(count * size, as: UInt8.self)
    return (0..<count).map {
      RGBImage(height: height, width: width, pixels: Array(pixels[$0 * size..<($0 + 1) * size]))
    }
  }
}
