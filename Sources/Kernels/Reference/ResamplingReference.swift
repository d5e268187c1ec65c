/// Naive loops for images of another size: every pixel of the result sums over all pixels.
package enum ResamplingReference {
  /// The weight of input pixel `source` in output pixel `position` of a resized axis.
  package static func resizeWeight(
    _ interpolation: Interpolation, _ position: Int, _ source: Int, from inputSize: Int,
    to outputSize: Int
  ) -> Double {
    let scale = Double(inputSize) / Double(outputSize)
    switch interpolation {
    case .cubic, .linear:
      let place = (Double(position) + 0.5) * scale - 0.5
      return (-5..<inputSize + 5).reduce(0) { total, pixel in
        guard min(max(pixel, 0), inputSize - 1) == source else { return total }
        let distance = abs(place - Double(pixel))
        return total + (interpolation == .cubic ? cubic(distance, a: -0.75) : max(0, 1 - distance))
      }
    case .antialiasedCubic, .antialiasedLinear:
      let weights = (0..<inputSize).map {
        let distance =
          abs(Double($0) + 0.5 - (Double(position) + 0.5) * scale) / max(scale, 1)
        return interpolation == .antialiasedCubic
          ? cubic(distance, a: -0.5) : max(0, 1 - distance)
      }
      return weights[source] / weights.reduce(0, +)
    case .area:
      let touched = (0..<inputSize).filter {
        $0 * outputSize < (position + 1) * inputSize && ($0 + 1) * outputSize > position * inputSize
      }
      return touched.contains(source) ? 1 / Double(touched.count) : 0
    }
  }

  /// The weight of input pixel `source` in pixel `pixel` of an image without end.
  package static func windowWeight(
    _ pixel: Int, _ source: Int, of inputSize: Int, border: ImageBorder
  ) -> Double {
    if pixel == source { return 1 }
    guard border == .edge else { return 0 }
    return pixel < 0 && source == 0 || pixel >= inputSize && source == inputSize - 1 ? 1 : 0
  }

  /// Images `[batch, height, width, channels]` whose rows and columns are weighed by functions of an
  /// output and an input position.
  package static func apply(
    _ x: [Double], shape: ImageShape, height: Int, width: Int, rowWeight: (Int, Int) -> Double,
    columnWeight: (Int, Int) -> Double
  ) -> [Double] {
    let channelCount = shape.channelCount
    let rowWeights = (0..<height).map { row in (0..<shape.height).map { rowWeight(row, $0) } }
    let columnWeights = (0..<width).map { column in
      (0..<shape.width).map { columnWeight(column, $0) }
    }
    var y: [Double] = []
    for image in 0..<shape.batchSize {
      for row in 0..<height {
        for column in 0..<width {
          var sums = [Double](repeating: 0, count: channelCount)
          for sourceRow in 0..<shape.height {
            for sourceColumn in 0..<shape.width {
              let weight = rowWeights[row][sourceRow] * columnWeights[column][sourceColumn]
              let pixel = (image * shape.height + sourceRow) * shape.width + sourceColumn
              for channel in 0..<channelCount {
                sums[channel] += weight * x[pixel * channelCount + channel]
              }
            }
          }
          y += sums
        }
      }
    }
    return y
  }

  private static func cubic(_ t: Double, a: Double) -> Double {
    if t < 1 { return (a + 2) * t * t * t - (a + 3) * t * t + 1 }
    if t < 2 { return a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a }
    return 0
  }
}
