import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct DepthwiseConvolutionTests {
  /// Odd channels, a few vectors of them, images smaller than the kernel.
  static let shapes: [DepthwiseShape] = [
    shape(1, 1, 1, 1, (1, 1), 1, .same),
    shape(2, 5, 7, 3, (3, 3), 1, .same),
    shape(1, 9, 11, 33, (7, 7), 1, .same),
    shape(2, 4, 3, 17, (7, 7), 1, .zeros(3)),  // smaller than the kernel
    shape(1, 3, 14, 112, (7, 7), 1, .same),
    shape(2, 8, 6, 16, (4, 4), 2, .zeros(1)),
    shape(1, 7, 9, 35, (4, 4), 2, .zeros(top: 1, bottom: 2, left: 1, right: 2)),
    shape(1, 9, 5, 19, (3, 2), 3, .valid),
    shape(2, 6, 13, 20, (2, 5), 1, .zeros(top: 0, bottom: 1, left: 3, right: 0)),
    shape(1, 3, 2, 5, (3, 3), 1, .zeros(top: 4, bottom: 0, left: 0, right: 5)),  // beyond it
    shape(3, 20, 24, 40, (5, 5), 1, .same),
  ]

  static func shape(
    _ batchSize: Int, _ height: Int, _ width: Int, _ channelCount: Int, _ kernel: (Int, Int),
    _ stride: Int, _ padding: Padding
  ) -> DepthwiseShape {
    DepthwiseShape(
      batchSize: batchSize, channelCount: channelCount,
      windows: Windows(
        height: height, width: width, kernelHeight: kernel.0, kernelWidth: kernel.1,
        stride: stride, padding: padding))
  }

  private struct Case {
    let x: Tensor
    let weight: Tensor
    let bias: Tensor
    let dy: Tensor

    init(_ shape: DepthwiseShape) {
      var numbers = TestNumbers(seed: 6)
      x = numbers.tensor([shape.inputElementCount])
      weight = numbers.tensor([shape.weightCount])
      bias = numbers.tensor([shape.channelCount])
      dy = numbers.tensor([shape.outputElementCount])
    }
  }

  @Test(arguments: shapes) func forwardMatchesTheReference(shape: DepthwiseShape) {
    let given = Case(shape)
    let y = Tensor(uninitialized: [shape.outputElementCount])
    for bias in [nil, given.bias] {
      depthwiseConvolution(
        into: y.buffer, given.x.buffer, weight: given.weight.buffer, bias: bias?.buffer,
        shape: shape)
      expectClose(
        y.doubles,
        DepthwiseReference.convolution(
          given.x.doubles, weight: given.weight.doubles, bias: bias?.doubles, shape: shape),
        tolerance: 2e-6, "\(shape)")
    }
  }

  @Test(arguments: shapes, [false, true])
  func gradientsMatchTheReference(shape: DepthwiseShape, isAdding: Bool) {
    let given = Case(shape)
    let expected = DepthwiseReference.gradients(
      given.dy.doubles, given.x.doubles, weight: given.weight.doubles, shape: shape)
    let before: Double = isAdding ? 3 : 0
    let dx = Tensor(repeating: isAdding ? 3 : .nan, shape: [shape.inputElementCount])
    depthwiseConvolutionBackwardData(
      into: dx.buffer, isAdding: isAdding, given.dy.buffer, weight: given.weight.buffer,
      shape: shape)
    expectClose(dx.doubles, expected.dx.map { $0 + before }, tolerance: 2e-6, "dx of \(shape)")
    let dWeight = Tensor(repeating: isAdding ? 3 : .nan, shape: [shape.weightCount])
    depthwiseConvolutionBackwardWeights(
      into: dWeight.buffer, isAdding: isAdding, given.dy.buffer, given.x.buffer, shape: shape)
    expectClose(
      dWeight.doubles, expected.dWeight.map { $0 + before }, tolerance: 2e-6, "dW of \(shape)")
  }

  @Test(arguments: [shapes[4], shapes[6], shapes[10]])
  func bitsDoNotDependOnTheThreadCount(shape: DepthwiseShape) {
    let given = Case(shape)
    let results = onThreadCounts([1, 2, 3]) {
      let y = Buffer(.float32, count: shape.outputElementCount)
      let dx = Buffer(.float32, count: shape.inputElementCount)
      let dWeight = Buffer(.float32, count: shape.weightCount)
      depthwiseConvolution(
        into: y, given.x.buffer, weight: given.weight.buffer, bias: given.bias.buffer, shape: shape)
      depthwiseConvolutionBackwardData(
        into: dx, isAdding: false, given.dy.buffer, weight: given.weight.buffer, shape: shape)
      depthwiseConvolutionBackwardWeights(
        into: dWeight, isAdding: false, given.dy.buffer, given.x.buffer, shape: shape)
      return [y, dx, dWeight].map { $0.array(of: Float.self) }
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test func imagesThatWrapAroundAreRefused() async {
    await #expect(processExitsWith: .failure) { _ = Self.shape(1, 4, 4, 2, (3, 3), 1, .circular) }
  }
}
