public import Tensors

/// What Inception-v3 sees of images.
public enum InceptionInput {
  /// Height and width of what it sees.
  public static let size = 299

  /// Resizes an image as TensorFlow 1 does, bilinear without a shift of half a pixel and without
  /// antialiasing, whatever its size.
  ///
  /// Bit for bit TensorFlow's: in float32, columns before rows, a + (b − a)·w.
  ///
  /// - Parameters:
  ///   - pixels: RGB, row by row.
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  /// - Returns: `[299, 299, 3]`, 0 to 255.
  /// - Precondition: There are as many bytes as pixels need.
  public static func resized(_ pixels: [UInt8], height: Int, width: Int) -> [Float] {
    precondition(
      height > 0 && width > 0 && pixels.count == 3 * height * width,
      "InceptionInput: \(pixels.count) bytes for \(height)x\(width) pixels")
    let (rows, columns) = (taps(of: height), taps(of: width))
    return rows.flatMap { row -> [Float] in
      columns.flatMap { column -> [Float] in
        (0..<3).map { channel in
          func pixel(_ row: Int, _ column: Int) -> Float {
            Float(pixels[3 * (row * width + column) + channel])
          }
          func between(_ row: Int) -> Float {
            let (left, right) = (pixel(row, column.low), pixel(row, column.high))
            return left + (right - left) * column.weight
          }
          let (upper, lower) = (between(row.low), between(row.high))
          return upper + (lower - upper) * row.weight
        }
      }
    }
  }

  /// The network's input: resized, and (x − 128) / 128.
  ///
  /// - Parameters:
  ///   - pixels: RGB, row by row.
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  /// - Returns: `[1, 299, 299, 3]`.
  public static func normalized(_ pixels: [UInt8], height: Int, width: Int) -> Tensor {
    Tensor(
      resized(pixels, height: height, width: width).map { ($0 - 128) / 128 },
      shape: [1, size, size, 3])
  }

  /// The two positions along an axis that each position of the result lies between.
  private static func taps(of inputSize: Int) -> [(low: Int, high: Int, weight: Float)] {
    let scale = Float(inputSize) / Float(size)
    return (0..<size).map { index in
      let position = Float(index) * scale
      let low = Int(position)
      return (low, min(low + 1, inputSize - 1), position - Float(low))
    }
  }
}
