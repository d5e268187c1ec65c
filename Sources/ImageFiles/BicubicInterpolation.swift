/// Bicubic interpolation of float planes, without antialiasing.
///
/// Cubic convolution with a = -0.75 at `(i + 0.5) * inputSize / outputSize - 0.5`, four
/// neighbours an axis, positions beyond the border taken from the border: what PyTorch's
/// `interpolate(mode: "bicubic", align_corners: False)` computes.
/// Source: Keys 1981.
public enum BicubicInterpolation {
  /// Resizes one plane.
  ///
  /// - Parameters:
  ///   - plane: `[height, width]`.
  ///   - height: Number of rows.
  ///   - width: Number of columns.
  ///   - newHeight: Number of rows of the result, at least 1.
  ///   - newWidth: Number of columns of the result, at least 1.
  /// - Returns: `[newHeight, newWidth]`; values may lie outside the range of the input.
  /// - Precondition: `plane` holds `height * width` values.
  public static func resize(
    _ plane: [Float], height: Int, width: Int, toHeight newHeight: Int, toWidth newWidth: Int
  ) -> [Float] {
    precondition(
      plane.count == height * width,
      "BicubicInterpolation: \(height) x \(width) needs \(height * width) values, got \(plane.count)"
    )
    let columns = taps(inputSize: width, outputSize: newWidth)
    let rows = taps(inputSize: height, outputSize: newHeight)
    var widened = [Float](repeating: 0, count: height * newWidth)
    for y in 0..<height {
      for (x, tap) in columns.enumerated() {
        widened[y * newWidth + x] = tap.sum { plane[y * width + $0] }
      }
    }
    var resized = [Float](repeating: 0, count: newHeight * newWidth)
    for (y, tap) in rows.enumerated() {
      for x in 0..<newWidth {
        resized[y * newWidth + x] = tap.sum { widened[$0 * newWidth + x] }
      }
    }
    return resized
  }

  /// The four neighbours of an output position and their weights.
  private struct Tap {
    var positions: SIMD4<Int>
    var weights: SIMD4<Float>

    func sum(_ value: (Int) -> Float) -> Float {
      var sum: Float = 0
      for k in 0..<4 {
        sum += value(positions[k]) * weights[k]
      }
      return sum
    }
  }

  private static func taps(inputSize: Int, outputSize: Int) -> [Tap] {
    let scale = Float(inputSize) / Float(outputSize)
    return (0..<outputSize).map { position in
      let source = (Float(position) + 0.5) * scale - 0.5
      let first = source.rounded(.down)
      let fraction = source - first
      let neighbours = SIMD4<Int>(-1, 0, 1, 2) &+ Int(first)
      return Tap(
        positions: neighbours.clamped(
          lowerBound: SIMD4(repeating: 0), upperBound: SIMD4(repeating: inputSize - 1)),
        weights: SIMD4(
          outer(fraction + 1), inner(fraction), inner(1 - fraction), outer(2 - fraction)))
    }
  }

  private static let a: Float = -0.75

  /// The kernel within one pixel of its centre.
  private static func inner(_ x: Float) -> Float {
    ((a + 2) * x - (a + 3)) * x * x + 1
  }

  /// The kernel between one and two pixels from its centre.
  private static func outer(_ x: Float) -> Float {
    ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
  }
}
