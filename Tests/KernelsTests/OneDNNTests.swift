import Kernels
import Tensors
import TestSupport
import Testing

/// oneDNN's products and convolutions as bfloat16 operands take them, here on float32 operands, so
/// that every processor that oneDNN is fast on runs the code around them.
@Suite struct OneDNNTests {
  /// A checkpoint of a program whose kernels give other bits is told apart by these.
  @Test func versionsNameTheLibrariesAndTheOwnKernels() {
    let versions = libraryVersions
    for name in ["kernels", "convolutions", "onednn", "openblas", "openblas_core"] {
      #expect(versions[name]?.isEmpty == false, "\(name)")
    }
  }

  @Test(arguments: [(1, 1, 1), (3, 5, 7), (17, 1, 33), (33, 31, 129), (130, 190, 70)])
  func productsMatchTheReference(size: (Int, Int, Int)) {
    let (rowCount, columnCount, depth) = size
    var numbers = TestNumbers(seed: 1)
    let (a, b) = (numbers.tensor([rowCount, depth]), numbers.tensor([depth, columnCount]))
    let expected = ProductsReference.product(
      a.doubles, b.doubles, rowCount: rowCount, columnCount: columnCount, depth: depth)
    let left = Matrix(a.buffer, rowCount: rowCount, columnCount: depth)
    let right = Matrix(b.buffer, rowCount: depth, columnCount: columnCount)
    for (left, right) in [
      (left, right), (turned(a), right), (left, turned(b)), (turned(a), turned(b)),
    ] {
      for isAdding in [false, true] {
        let c = Tensor(repeating: isAdding ? 3 : .nan, shape: [rowCount, columnCount])
        let target = Matrix(c.buffer, rowCount: rowCount, columnCount: columnCount)
        guard OneDNNProduct.run(into: target, left, right, isAdding: isAdding) else {
          Issue.record("oneDNN has no float32 product of \(size)")
          return
        }
        expectClose(
          c.doubles, expected.map { $0 + (isAdding ? 3 : 0) }, tolerance: 2e-6,
          "\(size), transposed \(left.isTransposed) \(right.isTransposed), adding \(isAdding)")
      }
    }
  }

  /// The same matrix, transposed in memory.
  private func turned(_ x: Tensor) -> Matrix {
    let (rowCount, columnCount) = (x.shape[0], x.shape[1])
    let numbers = ProductsReference.transpose(
      x.doubles, rowCount: rowCount, columnCount: columnCount)
    let memory = Tensor(numbers.map(Float.init), shape: [columnCount, rowCount])
    return Matrix(memory.buffer, rowCount: columnCount, columnCount: rowCount).transposed
  }

  @Test(arguments: [(1, 1, 1, 1, 5, 3), (2, 6, 5, 3, 16, 3), (2, 8, 7, 16, 24, 3)])
  func convolutionsMatchTheReference(sizes: (Int, Int, Int, Int, Int, Int)) throws {
    let shape = ConvolutionShape(
      batchSize: sizes.0, height: sizes.1, width: sizes.2, inputCount: sizes.3,
      outputCount: sizes.4, kernelHeight: sizes.5, kernelWidth: sizes.5)
    var numbers = TestNumbers(seed: 2)
    let x = numbers.tensor([shape.inputElementCount])
    let weight = numbers.tensor([shape.weightCount])
    let bias = numbers.tensor([shape.outputCount])
    let dy = numbers.tensor([shape.outputElementCount])
    let y = Buffer(.float32, count: dy.count)
    run(.forward(hasBias: true), shape, output: y, input: x.buffer, weight.buffer, bias.buffer)
    expectClose(
      y.array(of: Float.self).map(Double.init),
      ConvolutionsReference.convolution(
        x.doubles, weight: weight.doubles, bias: bias.doubles, shape: shape), tolerance: 2e-6,
      "\(shape)")
    let expected = ConvolutionsReference.gradients(
      dy.doubles, x.doubles, weight: weight.doubles, shape: shape)
    let dx = Buffer(.float32, count: x.count)
    run(
      .forwardByTap, try #require(shape.mirrored), output: dx, input: dy.buffer,
      mirrored(weight.buffer, shape: shape), nil)
    expectClose(
      dx.array(of: Float.self).map(Double.init), expected.dx, tolerance: 2e-6, "dx, \(shape)")
    let dWeight = Buffer(.float32, count: weight.count)
    run(.backwardWeights, shape, output: dy.buffer, input: x.buffer, dWeight, nil)
    expectClose(
      dWeight.array(of: Float.self).map(Double.init), expected.dWeight, tolerance: 2e-6,
      "dW, \(shape)")
  }

  private func run(
    _ direction: OneDNNConvolution.Direction, _ shape: ConvolutionShape, output: Buffer,
    input: Buffer, _ weight: Buffer, _ bias: Buffer?
  ) {
    guard
      let library = OneDNNConvolution.convolution(direction, shape: shape, operandType: .float32)
    else {
      Issue.record("oneDNN has no float32 convolution \(direction) of \(shape)")
      return
    }
    library.run(output: output, input: input, weight: weight, bias: bias)
  }
}
