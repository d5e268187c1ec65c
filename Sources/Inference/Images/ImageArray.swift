import ArrayFiles
import ImageFiles

/// The array of a `.npy` or `.npz` file as images.
struct ImageArray: Sendable {
  let path: String
  let imageCount: Int
  /// Whether the values are float32, `N × 3 × H × W`; otherwise bytes, `N × H × W × 3`.
  let isFloat: Bool
  private let size: Int
  private let array: NumPyArray

  private var valueCount: Int { size * size * 3 }

  init(contentsOf path: String, size: Int) throws {
    self.path = path
    self.size = size
    array = try Self.array(contentsOf: path)
    isFloat = array.elementType == .float32
    let expected = isFloat ? [3, size, size] : [size, size, 3]
    guard isFloat || array.elementType == .uint8, array.shape.count == 4,
      Array(array.shape.dropFirst()) == expected
    else {
      throw ArrayFileError(
        file: path,
        problem: "found \(array.elementType) of shape \(array.shape), expected uint8 "
          + "[N, \(size), \(size), 3] or float32 [N, 3, \(size), \(size)]",
        advice: "Bring the images to the model's size, and save them in one of these forms.")
    }
    imageCount = array.shape[0]
    guard imageCount > 0 else {
      throw ArrayFileError(
        file: path, problem: "the array has no images, its shape is \(array.shape)",
        advice: "Check how the file was written.")
    }
  }

  /// The image, rounded to 8 bits where the values are float32.
  func image(at index: Int) throws -> RGBImage {
    let pixels =
      isFloat
      ? try values(at: index).map(RGBImage.quantized)
      : try array.elements(in: range(of: index), as: UInt8.self)
    return RGBImage(height: size, width: size, pixels: pixels)
  }

  /// The float32 values of an image, `[size, size, 3]`.
  func values(at index: Int) throws -> [Float] {
    let planes = try array.elements(in: range(of: index), as: Float.self)
    if let position = planes.firstIndex(where: { !($0 >= 0 && $0 <= 1) }) {
      throw ArrayFileError(
        file: path,
        problem: "image \(index) has the value \(planes[position]), expected values in [0, 1]",
        advice: "Divide the values by their greatest one, or clip them, and save the array again.")
    }
    let pixelCount = size * size
    var values = [Float](repeating: 0, count: valueCount)
    for pixel in 0..<pixelCount {
      for channel in 0..<3 {
        values[pixel * 3 + channel] = planes[channel * pixelCount + pixel]
      }
    }
    return values
  }

  private func range(of index: Int) -> Range<Int> {
    index * valueCount..<(index + 1) * valueCount
  }

  private static func array(contentsOf path: String) throws -> NumPyArray {
    guard SystemPath.ending(of: path) == "npz" else {
      return try NumPyArray(contentsOf: path)
    }
    let archive = try NumPyArchive(contentsOf: path)
    if archive.names.count == 1 { return try archive.array(archive.names[0]) }
    return try archive.array("arr_0")
  }
}
