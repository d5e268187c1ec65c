import Kernels
import Tensors
import TestSupport
import Testing

/// The order in which bfloat16 products read their factors, and the gradient that is computed of it.
@Suite struct PanelTests {
  /// Rows, columns, elements from one row to the next.
  @Test(arguments: [(1, 1, 1), (2, 64, 64), (33, 65, 70), (300, 130, 130), (32, 16, 16)])
  func panelsHoldTheirMatrix(size: (Int, Int, Int)) {
    let (rowCount, columnCount, stride) = size
    var numbers = TestNumbers(seed: 3)
    let source = numbers.tensor([rowCount * stride]).buffer.rounded
    let matrix = Matrix(source, rowCount: rowCount, columnCount: columnCount, stride: stride)
    let elements = source.widened.array(of: Float.self)
    expectPanels(FactorPanels(matrix), rowCount, columnCount) { elements[$0 * stride + $1] }
    expectPanels(FactorPanels(matrix.transposed), columnCount, rowCount) {
      elements[$1 * stride + $0]
    }
  }

  @Test func panelsOfAnotherFactorAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let buffer = Buffer(.bfloat16, count: 6)
      let (a, b) = (
        Matrix(buffer, rowCount: 2, columnCount: 3), Matrix(buffer, rowCount: 3, columnCount: 2)
      )
      let c = Matrix(Buffer(.float32, count: 4), rowCount: 2, columnCount: 2)
      product(into: c, a, b, panels: FactorPanels(b.transposed))
    }
  }

  private func expectPanels(
    _ panels: FactorPanels, _ rowCount: Int, _ columnCount: Int, _ element: (Int, Int) -> Float
  ) {
    let packed = panels.buffer.widened.array(of: Float.self)
    let paddedCount = (rowCount + 31) / 32 * 32
    #expect(packed.count == (columnCount + 63) / 64 * 64 * paddedCount)
    var wrongCount = 0
    for (place, number) in packed.enumerated() {
      let (panel, inside) = place.quotientAndRemainder(dividingBy: 64 * paddedCount)
      let (pair, rest) = inside.quotientAndRemainder(dividingBy: 128)
      let (row, column) = (2 * pair + rest % 2, 64 * panel + rest / 2)
      let exists = row < rowCount && column < columnCount
      if number != (exists ? element(row, column) : 0) { wrongCount += 1 }
    }
    #expect(wrongCount == 0, "panels of \(rowCount) rows and \(columnCount) columns")
  }

  /// Batch, height, width, inputs, outputs, height and width of the kernel: odd sizes, more than one
  /// panel, more than one strip.
  static let shapes = [
    (1, 1, 1, 1, 1, 1, 1), (2, 3, 5, 3, 6, 3, 3), (1, 5, 7, 64, 64, 3, 3),
    (2, 4, 9, 70, 67, 3, 3), (1, 9, 300, 5, 130, 3, 3), (3, 6, 4, 65, 3, 1, 5),
    (1, 7, 3, 8, 9, 5, 1),
  ]

  @Test(arguments: shapes)
  func gradientsOfConvolutionsAreTheirReference(sizes: (Int, Int, Int, Int, Int, Int, Int)) {
    let shape = ConvolutionShape(
      batchSize: sizes.0, height: sizes.1, width: sizes.2, inputCount: sizes.3,
      outputCount: sizes.4, kernelHeight: sizes.5, kernelWidth: sizes.6)
    var numbers = TestNumbers(seed: 7)
    let x = numbers.tensor([shape.inputElementCount]).buffer.rounded
    let dy = numbers.tensor([shape.outputElementCount]).buffer.rounded
    func doubles(_ buffer: Buffer) -> [Double] {
      buffer.widened.array(of: Float.self).map(Double.init)
    }
    let expected = ConvolutionsReference.gradients(
      doubles(dy), doubles(x), weight: [Double](repeating: 0, count: shape.weightCount),
      shape: shape
    ).dWeight
    let cases = [false, true].flatMap { adding in
      PairInstructions.available.map { (adding, $0) }
    }
    for (isAdding, instructions) in cases {
      let results = onThreadCounts([1, 2, 3]) {
        let dWeight = Tensor(repeating: isAdding ? 2 : .nan, shape: [shape.weightCount]).buffer
        PanelConvolution(shape, instructions: instructions).weightGradient(
          into: dWeight, isAdding: isAdding, dy, x)
        return dWeight.array(of: Float.self)
      }
      expectClose(
        results[0].map(Double.init), expected.map { $0 + (isAdding ? 2 : 0) }, tolerance: 2e-6,
        "dW of \(shape) by \(instructions)")
      #expect(results.allSatisfy { $0 == results[0] }, "the bits depend on the thread count")
    }
  }
}
