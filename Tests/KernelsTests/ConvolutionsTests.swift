import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct ConvolutionsTests {
  /// One shape for each way of computing, and odd ones: batch, height, width, input, output, kernel.
  static let shapes: [ConvolutionShape] = [
    shape(1, 1, 1, 1, 1, 3, 3),
    shape(2, 5, 3, 7, 9, 3, 3),
    shape(1, 3, 17, 5, 6, 5, 3),
    shape(1, 6, 2, 3, 33, 1, 7),
    shape(2, 6, 5, 17, 3, 3, 3),  // few outputs
    shape(1, 9, 7, 33, 1, 3, 5),
    shape(2, 3, 4, 5, 7, 1, 1),  // a product
    shape(1, 40, 33, 16, 8, 3, 3),  // strips, the last one shorter
    shape(2, 24, 32, 3, 20, 3, 3),  // few inputs
    shape(1, 25, 32, 130, 128, 3, 3),  // wide enough for products everywhere
    shape(3, 4, 4, 256, 260, 3, 3),  // large weights
  ]

  static func shape(_ sizes: Int...) -> ConvolutionShape {
    ConvolutionShape(
      batchSize: sizes[0], height: sizes[1], width: sizes[2], inputCount: sizes[3],
      outputCount: sizes[4], kernelHeight: sizes[5], kernelWidth: sizes[6])
  }

  struct Case {
    let x: Tensor
    let weight: Tensor
    let bias: Tensor
    let dy: Tensor

    init(_ shape: ConvolutionShape) {
      var numbers = TestNumbers(seed: 5)
      x = numbers.tensor([shape.inputElementCount])
      weight = numbers.tensor([shape.weightCount])
      bias = numbers.tensor([shape.outputCount])
      dy = numbers.tensor([shape.outputElementCount])
    }

    /// The output and the gradients of the input and the weights.
    func run(_ shape: ConvolutionShape) -> [[Float]] {
      let y = Buffer(.float32, count: shape.outputElementCount)
      let dx = Buffer(.float32, count: shape.inputElementCount)
      let dWeight = Buffer(.float32, count: shape.weightCount)
      convolution(into: y, x.buffer, weight: weight.buffer, bias: bias.buffer, shape: shape)
      convolutionBackwardData(
        into: dx, isAdding: false, dy.buffer, weight: weight.buffer, shape: shape)
      convolutionBackwardWeights(
        into: dWeight, isAdding: false, dy.buffer, x.buffer, shape: shape)
      return [y, dx, dWeight].map { $0.array() }
    }
  }

  @Test(arguments: shapes) func forwardMatchesTheReference(shape: ConvolutionShape) {
    let given = Case(shape)
    let y = Tensor(uninitialized: [shape.outputElementCount])
    for bias in [nil, given.bias] {
      let expected = ConvolutionsReference.convolution(
        given.x.doubles, weight: given.weight.doubles, bias: bias?.doubles, shape: shape)
      convolution(
        into: y.buffer, given.x.buffer, weight: given.weight.buffer, bias: bias?.buffer,
        shape: shape)
      expectClose(y.doubles, expected, tolerance: 3e-6, "\(shape)")
      convolutionByProducts(
        into: y.buffer, given.x.buffer, weight: given.weight.buffer, bias: bias?.buffer,
        shape: shape)
      expectClose(y.doubles, expected, tolerance: 3e-6, "\(shape), by products")
    }
  }

  @Test(arguments: shapes, [false, true])
  func gradientsMatchTheReference(shape: ConvolutionShape, isAdding: Bool) throws {
    let given = Case(shape)
    let expected = ConvolutionsReference.gradients(
      given.dy.doubles, given.x.doubles, weight: given.weight.doubles, shape: shape)
    let before: Double = isAdding ? 3 : 0
    func fresh(_ count: Int) -> Tensor {
      Tensor(repeating: isAdding ? 3 : .nan, shape: [count])
    }
    let dx = fresh(shape.inputElementCount)
    convolutionBackwardData(
      into: dx.buffer, isAdding: isAdding, given.dy.buffer, weight: given.weight.buffer,
      shape: shape)
    expectClose(dx.doubles, expected.dx.map { $0 + before }, tolerance: 3e-6, "\(shape), input")
    let other = fresh(shape.inputElementCount)
    mirroredConvolutionByProducts(
      into: other.buffer, isAdding: isAdding, given.dy.buffer, weight: given.weight.buffer,
      shape: shape, try #require(shape.mirrored))
    expectClose(
      other.doubles, expected.dx.map { $0 + before }, tolerance: 3e-6, "\(shape), by products")
    let dWeight = fresh(shape.weightCount)
    convolutionBackwardWeights(
      into: dWeight.buffer, isAdding: isAdding, given.dy.buffer, given.x.buffer, shape: shape)
    expectClose(
      dWeight.doubles, expected.dWeight.map { $0 + before }, tolerance: 3e-6, "\(shape), weights")
  }

  /// The products' tiles and strips are fixed; so is the order of oneDNN's sums in these kernels.
  @Test(arguments: [shapes[4], shapes[7], shapes[8], shapes[10], shape(4, 17, 40, 32, 33, 3, 3)])
  func bitsDoNotDependOnTheThreadCount(shape: ConvolutionShape) {
    let given = Case(shape)
    let results = onThreadCounts([1, 2, 3]) { given.run(shape) }
    for result in results { #expect(result == results[0]) }
  }

  @Test func evenKernelsAreRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = ConvolutionShape(
        batchSize: 1, height: 4, width: 4, inputCount: 1, outputCount: 1, kernelHeight: 2,
        kernelWidth: 3)
    }
  }
}
