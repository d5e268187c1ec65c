import Kernels
import Tensors
import TestSupport
import Testing

/// Convolutions with a stride, other padding than half an odd kernel, or images that wrap around.
@Suite struct StridedConvolutionsTests {
  static let shapes: [ConvolutionShape] = [
    shape(1, 1, 1, 1, 1, (1, 1), 2, .valid),
    shape(2, 5, 7, 3, 5, (1, 1), 2, .same),  // kernel smaller than the stride
    shape(2, 7, 9, 5, 7, (2, 2), 2, .valid),  // disjoint patches, the last row and column unread
    shape(1, 8, 12, 3, 17, (4, 4), 4, .valid),
    shape(3, 16, 32, 3, 6, (16, 16), 16, .valid),
    shape(2, 23, 19, 3, 16, (11, 11), 4, .zeros(2)),
    shape(1, 7, 6, 16, 24, (5, 5), 1, .zeros(2)),  // the same as .same
    shape(2, 6, 5, 17, 3, (3, 3), 1, .valid),
    shape(1, 9, 8, 16, 32, (3, 3), 2, .zeros(1)),
    shape(2, 5, 6, 8, 16, (2, 4), 1, .zeros(top: 0, bottom: 1, left: 2, right: 1)),
    shape(1, 3, 4, 5, 2, (3, 3), 1, .zeros(top: 4, bottom: 0, left: 0, right: 5)),  // beyond it
    shape(1, 6, 7, 4, 9, (4, 4), 2, .zeros(top: 1, bottom: 2, left: 1, right: 2)),
    shape(3, 1, 14, 12, 16, (1, 9), 1, .circular),
    shape(2, 1, 3, 5, 4, (1, 9), 1, .circular),  // around more than once
    shape(1, 5, 4, 3, 8, (3, 5), 2, .circular),
    shape(2, 3, 3, 2, 3, (3, 1), 1, .circular),
    shape(2, 40, 33, 16, 8, (2, 2), 1, .zeros(top: 1, bottom: 0, left: 0, right: 1)),
  ]

  static func shape(
    _ batchSize: Int, _ height: Int, _ width: Int, _ inputCount: Int, _ outputCount: Int,
    _ kernel: (Int, Int), _ stride: Int, _ padding: Padding
  ) -> ConvolutionShape {
    ConvolutionShape(
      batchSize: batchSize, height: height, width: width, inputCount: inputCount,
      outputCount: outputCount, kernelHeight: kernel.0, kernelWidth: kernel.1, stride: stride,
      padding: padding)
  }

  @Test(arguments: shapes) func forwardMatchesTheReference(shape: ConvolutionShape) {
    let given = ConvolutionsTests.Case(shape)
    let y = Tensor(uninitialized: [shape.outputElementCount])
    for bias in [nil, given.bias] {
      let expected = ConvolutionsReference.convolution(
        given.x.doubles, weight: given.weight.doubles, bias: bias?.doubles, shape: shape)
      for isByProducts in [false, true] {
        if isByProducts {
          convolutionByProducts(
            into: y.buffer, given.x.buffer, weight: given.weight.buffer, bias: bias?.buffer,
            shape: shape)
        } else {
          convolution(
            into: y.buffer, given.x.buffer, weight: given.weight.buffer, bias: bias?.buffer,
            shape: shape)
        }
        expectClose(y.doubles, expected, tolerance: 3e-6, "\(shape)")
      }
    }
  }

  @Test(arguments: shapes, [false, true])
  func gradientsMatchTheReference(shape: ConvolutionShape, isAdding: Bool) {
    let given = ConvolutionsTests.Case(shape)
    expectGradients(
      given.dy.buffer, given.x.buffer, given.weight.buffer, shape, isAdding: isAdding)
  }

  @Test(arguments: shapes, BFloat16Tests.routes)
  func bfloat16OperandsMatchTheReference(shape: ConvolutionShape, route: BFloat16Route) {
    let given = ConvolutionsTests.Case(shape)
    let (x, weight) = (given.x.buffer.rounded, given.weight.buffer.rounded)
    let expected = ConvolutionsReference.convolution(
      x.doubles, weight: weight.doubles, bias: given.bias.doubles, shape: shape)
    let y = Buffer(.float32, count: shape.outputElementCount)
    convolution(into: y, x, weight: weight, bias: given.bias.buffer, shape: shape, route: route)
    expectClose(y.doubles, expected, tolerance: 3e-6, "\(shape) by \(route)")
    let narrow = Buffer(.bfloat16, count: y.count)
    convolution(
      into: narrow, x, weight: weight, bias: given.bias.buffer, shape: shape, route: route)
    expectClose(narrow.doubles, expected, tolerance: 4e-3, "\(shape) to bfloat16 by \(route)")
    expectGradients(
      bfloat16Operand(given.dy.buffer, route: route), x, weight, shape, isAdding: false,
      route: route)
  }

  private func expectGradients(
    _ dy: Buffer, _ x: Buffer, _ weight: Buffer, _ shape: ConvolutionShape, isAdding: Bool,
    route: BFloat16Route = .preferred
  ) {
    let expected = ConvolutionsReference.gradients(
      dy.doubles, x.doubles, weight: weight.doubles, shape: shape)
    let before: Double = isAdding ? 3 : 0
    let dx = Tensor(repeating: isAdding ? 3 : .nan, shape: [shape.inputElementCount])
    convolutionBackwardData(
      into: dx.buffer, isAdding: isAdding, dy, weight: weight, shape: shape, route: route)
    expectClose(dx.doubles, expected.dx.map { $0 + before }, tolerance: 3e-6, "dx of \(shape)")
    let dWeight = Tensor(repeating: isAdding ? 3 : .nan, shape: [shape.weightCount])
    convolutionBackwardWeights(
      into: dWeight.buffer, isAdding: isAdding, dy, x, shape: shape, route: route)
    expectClose(
      dWeight.doubles, expected.dWeight.map { $0 + before }, tolerance: 3e-6, "dW of \(shape)")
  }

  @Test(arguments: [shapes[3], shapes[5], shapes[8], shapes[12], shapes[16]])
  func bitsDoNotDependOnTheThreadCount(shape: ConvolutionShape) {
    let given = ConvolutionsTests.Case(shape)
    let results = onThreadCounts([1, 2, 3]) { given.run(shape) }
    for result in results { #expect(result == results[0]) }
  }

  /// Padding that amounts to half an odd kernel takes the same path as `.same`.
  @Test func equalPaddingIsOneShape() {
    #expect(
      Self.shape(2, 9, 8, 33, 20, (5, 3), 1, .zeros(top: 2, bottom: 2, left: 1, right: 1))
        == Self.shape(2, 9, 8, 33, 20, (5, 3), 1, .same))
    #expect(
      Self.shape(2, 9, 8, 3, 2, (1, 1), 1, .circular)
        == Self.shape(2, 9, 8, 3, 2, (1, 1), 1, .valid))
  }

  /// Output sizes of published networks: AlexNet's first two, a stem of patches, a vision transformer,
  /// and a blur that halves, rounding up.
  @Test(arguments: [
    (224, 11, 4, Padding.zeros(2), 55), (27, 5, 1, .zeros(2), 27), (224, 4, 4, .valid, 56),
    (57, 2, 2, .valid, 28), (224, 16, 16, .valid, 14), (196, 9, 1, .circular, 196),
    (128, 4, 2, .zeros(1), 64), (127, 4, 2, .zeros(top: 1, bottom: 2, left: 1, right: 2), 64),
  ])
  func outputSizes(size: Int, kernelSize: Int, stride: Int, padding: Padding, expected: Int) {
    let windows = Windows(
      height: size, width: size, kernelHeight: kernelSize, kernelWidth: kernelSize, stride: stride,
      padding: padding)
    #expect(windows.outputHeight == expected)
    #expect(windows.outputWidth == expected)
  }

  /// The law: a circular convolution commutes with rotating the sequence.
  @Test func rotatedSequencesGiveRotatedResults() {
    let shape = Self.shape(1, 1, 14, 12, 16, (1, 9), 1, .circular)
    let given = ConvolutionsTests.Case(shape)
    func rotated<Number>(_ numbers: [Number], by count: Int) -> [Number] {
      Array(numbers[count...] + numbers[..<count])
    }
    func convolved(_ x: [Float]) -> [Double] {
      let y = Buffer(.float32, count: shape.outputElementCount)
      convolution(
        into: y, Tensor(x, shape: [x.count]).buffer, weight: given.weight.buffer, bias: nil,
        shape: shape)
      return y.doubles
    }
    let x = given.x.array(of: Float.self)
    expectClose(
      convolved(rotated(x, by: 5 * 12)), rotated(convolved(x), by: 5 * 16), tolerance: 1e-6,
      "rotated by 5")
  }

  @Test func kernelsLargerThanThePaddedImageAreRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = Windows(
        height: 4, width: 9, kernelHeight: 7, kernelWidth: 7,
        padding: .zeros(top: 1, bottom: 1, left: 0, right: 0))
    }
  }
}
