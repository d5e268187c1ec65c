import ArrayFiles
import ImageFiles

/// The array of a `.npy` or `.npz` file as images, one in memory at a time.
struct ImageArray {
  let path: String
  let imageCount: Int
  /// Whether the values are float32, `N × 3 × H × W`; otherwise bytes, `N × H × W × 3`.
  let isFloat: Bool
  private let size: Int
  private let content: Content

  private var valueCount: Int { size * size * 3 }

  init(contentsOf path: String, size: Int) throws {
    self.path = path
    self.size = size
    content =
      try SystemPath.ending(of: path) == "npz"
      ? .archive(ArchivedRows(NumPyArchiveDirectory(contentsOf: path)))
      : .array(NumPyArray(contentsOf: path))
    let (elementType, shape) = (content.elementType, content.shape)
    isFloat = elementType == .float32
    let expected = isFloat ? [3, size, size] : [size, size, 3]
    guard isFloat || elementType == .uint8, shape.count == 4, Array(shape.dropFirst()) == expected
    else {
      throw ArrayFileError(
        file: path,
        problem: "found \(elementType) of shape \(shape), expected uint8 "
          + "[N, \(size), \(size), 3] or float32 [N, 3, \(size), \(size)]",
        advice: "Bring the images to the model's size, and save them in one of these forms.")
    }
    imageCount = shape[0]
    guard imageCount > 0 else {
      throw ArrayFileError(
        file: path, problem: "the array has no images, its shape is \(shape)",
        advice: "Check how the file was written.")
    }
  }

  /// The image, rounded to 8 bits where the values are float32.
  func image(at index: Int) throws -> RGBImage {
    let pixels =
      isFloat
      ? try values(at: index).map(RGBImage.quantized)
      : try content.row(index, size: valueCount, as: UInt8.self)
    return RGBImage(height: size, width: size, pixels: pixels)
  }

  /// The float32 values of an image, `[size, size, 3]`.
  func values(at index: Int) throws -> [Float] {
    let planes = try content.row(index, size: valueCount, as: Float.self)
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

  /// Where the values are.
  private enum Content {
    /// In a file that is mapped into memory.
    case array(NumPyArray)
    /// In an archive, which is read on and on.
    case archive(ArchivedRows)

    var elementType: ArrayElementType {
      switch self {
      case .array(let array): array.elementType
      case .archive(let rows): rows.elementType
      }
    }

    var shape: [Int] {
      switch self {
      case .array(let array): array.shape
      case .archive(let rows): rows.shape
      }
    }

    func row<Element: ArrayElement>(_ index: Int, size: Int, as type: Element.Type) throws
      -> [Element]
    {
      switch self {
      case .array(let array):
        try array.elements(in: index * size..<(index + 1) * size, as: type)
      case .archive(let rows): try rows.row(index, size: size, as: type)
      }
    }
  }
}
