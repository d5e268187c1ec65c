/// Naive loops for convolutions.
package enum ConvolutionsReference {
  /// The convolution of `[batch, height, width, input]` with weights
  /// `[output, kernelHeight, kernelWidth, input]` and a bias.
  package static func convolution(
    _ x: [Double], weight: [Double], bias: [Double]?, shape: ConvolutionShape
  ) -> [Double] {
    var y: [Double] = []
    for image in 0..<shape.batchSize {
      for row in 0..<shape.windows.outputHeight {
        for column in 0..<shape.windows.outputWidth {
          for output in 0..<shape.outputCount {
            let sum = pixel(x, weight, shape, image: image, row: row, column: column, output)
            y.append(sum + (bias?[output] ?? 0))
          }
        }
      }
    }
    return y
  }

  private static func pixel(
    _ x: [Double], _ weight: [Double], _ shape: ConvolutionShape, image: Int, row: Int,
    column: Int, _ output: Int
  ) -> Double {
    var sum = 0.0
    for kernelRow in 0..<shape.kernelHeight {
      for kernelColumn in 0..<shape.kernelWidth {
        guard
          let place = shape.windows.source(
            row: row, column: column, kernelRow: kernelRow, kernelColumn: kernelColumn)
        else { continue }
        let source = image * shape.pixelCount + place
        let tap = (output * shape.kernelHeight + kernelRow) * shape.kernelWidth + kernelColumn
        for input in 0..<shape.inputCount {
          sum += x[source * shape.inputCount + input] * weight[tap * shape.inputCount + input]
        }
      }
    }
    return sum
  }

  /// The gradients of the input and the weights, given that of the output.
  package static func gradients(
    _ dy: [Double], _ x: [Double], weight: [Double], shape: ConvolutionShape
  ) -> (dx: [Double], dWeight: [Double]) {
    var dx = [Double](repeating: 0, count: x.count)
    var dWeight = [Double](repeating: 0, count: weight.count)
    for pixel in 0..<shape.batchSize * shape.windows.outputPixelCount {
      let (line, column) = pixel.quotientAndRemainder(dividingBy: shape.windows.outputWidth)
      let (image, row) = line.quotientAndRemainder(dividingBy: shape.windows.outputHeight)
      for tap in 0..<shape.kernelHeight * shape.kernelWidth {
        guard
          let place = shape.windows.source(
            row: row, column: column, kernelRow: tap / shape.kernelWidth,
            kernelColumn: tap % shape.kernelWidth)
        else { continue }
        let source = image * shape.pixelCount + place
        for output in 0..<shape.outputCount {
          let gradient = dy[pixel * shape.outputCount + output]
          let start = (output * shape.kernelHeight * shape.kernelWidth + tap) * shape.inputCount
          for input in 0..<shape.inputCount {
            dx[source * shape.inputCount + input] += gradient * weight[start + input]
            dWeight[start + input] += gradient * x[source * shape.inputCount + input]
          }
        }
      }
    }
    return (dx, dWeight)
  }
}
