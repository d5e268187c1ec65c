/// Naive depthwise convolutions: those whose weights between different channels are zero.
package enum DepthwiseReference {
  /// The convolution of `[batch, height, width, channels]` with weights `[channels, taps]` and a bias.
  package static func convolution(
    _ x: [Double], weight: [Double], bias: [Double]?, shape: DepthwiseShape
  ) -> [Double] {
    ConvolutionsReference.convolution(
      x, weight: full(weight, shape), bias: bias, shape: shape.full)
  }

  /// The gradients of the input and the weights, given that of the output.
  package static func gradients(
    _ dy: [Double], _ x: [Double], weight: [Double], shape: DepthwiseShape
  ) -> (dx: [Double], dWeight: [Double]) {
    let (dx, dWeight) = ConvolutionsReference.gradients(
      dy, x, weight: full(weight, shape), shape: shape.full)
    return (dx, weight.indices.map { dWeight[place($0, shape)] })
  }

  private static func full(_ weight: [Double], _ shape: DepthwiseShape) -> [Double] {
    var full = [Double](repeating: 0, count: weight.count * shape.channelCount)
    for (index, number) in weight.enumerated() { full[place(index, shape)] = number }
    return full
  }

  /// Where an element of `[channels, taps]` is in `[output, taps, input]`.
  private static func place(_ index: Int, _ shape: DepthwiseShape) -> Int {
    index * shape.channelCount + index / shape.windows.tapCount
  }
}

extension DepthwiseShape {
  fileprivate var full: ConvolutionShape {
    ConvolutionShape(
      batchSize: batchSize, inputCount: channelCount, outputCount: channelCount, windows: windows)
  }
}
