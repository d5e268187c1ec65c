import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct ProductsTests {
  /// Rows, columns, depth; the last ones are cut into tiles.
  static let sizes = [
    (1, 1, 1), (3, 5, 7), (17, 1, 33), (1, 64, 16), (33, 31, 129), (130, 190, 70), (65, 1000, 300),
    (700, 65, 257),
  ]

  @Test(arguments: sizes, [(false, false), (false, true), (true, false), (true, true)])
  func productMatchesTheReference(size: (Int, Int, Int), transposed: (Bool, Bool)) {
    let (rowCount, columnCount, depth) = size
    var numbers = TestNumbers(seed: 1)
    let a = numbers.tensor([rowCount, depth])
    let b = numbers.tensor([depth, columnCount])
    let before = numbers.tensor([rowCount, columnCount])
    let c = Tensor(before.array(of: Float.self), shape: before.shape)
    product(
      into: Matrix(c.buffer, rowCount: rowCount, columnCount: columnCount),
      matrix(a, isTransposed: transposed.0), matrix(b, isTransposed: transposed.1), alpha: 0.5,
      beta: 2)
    let expected = zip(
      ProductsReference.product(
        a.doubles, b.doubles, rowCount: rowCount, columnCount: columnCount, depth: depth),
      before.doubles
    ).map { 0.5 * $0.0 + 2 * $0.1 }
    expectClose(c.doubles, expected, tolerance: 2e-6, "\(size), transposed \(transposed)")
  }

  /// The matrix, laid out in memory as its transpose when asked.
  private func matrix(_ x: Tensor, isTransposed: Bool) -> Matrix {
    let (rowCount, columnCount) = (x.shape[0], x.shape[1])
    guard isTransposed else {
      return Matrix(x.buffer, rowCount: rowCount, columnCount: columnCount)
    }
    let turned = ProductsReference.transpose(
      x.doubles, rowCount: rowCount, columnCount: columnCount)
    let tensor = Tensor(turned.map(Float.init), shape: [columnCount, rowCount])
    return Matrix(tensor.buffer, rowCount: columnCount, columnCount: rowCount).transposed
  }

  @Test func rowsMayBeApart() {
    var numbers = TestNumbers(seed: 2)
    let (a, b) = (numbers.tensor([9, 20]), numbers.tensor([6, 30]))
    let c = Tensor(repeating: 7, shape: [9, 11])
    product(
      into: Matrix(c.buffer[2..<99], rowCount: 9, columnCount: 5, stride: 11),
      Matrix(a.buffer[4..<180], rowCount: 9, columnCount: 6, stride: 20),
      Matrix(b.buffer[10..<180], rowCount: 6, columnCount: 5, stride: 30))
    var expected = [Double](repeating: 7, count: 99)
    for row in 0..<9 {
      for column in 0..<5 {
        expected[row * 11 + 2 + column] = (0..<6).reduce(0) {
          $0 + a.doubles[row * 20 + 4 + $1] * b.doubles[$1 * 30 + 10 + column]
        }
      }
    }
    expectClose(c.doubles, expected, tolerance: 1e-6, "strided")
  }

  @Test func whatWasThereIsNotReadWithoutBeta() {
    let x = Tensor([2] as [Float], shape: [1, 1])
    let c = Tensor([Float.nan], shape: [1, 1])
    let one = Matrix(x.buffer, rowCount: 1, columnCount: 1)
    product(into: Matrix(c.buffer, rowCount: 1, columnCount: 1), one, one)
    #expect(c.scalar == 4)
  }

  @Test func bitsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 3)
    let x = numbers.tensor([517, 130])
    let weight = numbers.tensor([300, 130])
    let bias = numbers.tensor([300])
    let results = onThreadCounts([1, 2, 3]) {
      let y = Buffer(.float32, count: 517 * 300)
      affine(into: y, x.buffer, weight: weight.buffer, bias: bias.buffer, rowCount: 517)
      let dWeight = Buffer(.float32, count: weight.count)
      affineBackwardWeights(into: dWeight, isAdding: false, y, x.buffer, rowCount: 517)
      let dBias = Buffer(.float32, count: 300)
      sumRows(into: dBias, isAdding: false, y)
      return [y, dWeight, dBias].map { $0.array(of: Float.self) }
    }
    for result in results { #expect(result == results[0]) }
  }

  /// Both libraries, on either side of the depths at which one takes over from the other, outside a
  /// parallel loop.
  @Test(arguments: [(512, false), (513, false), (383, true), (384, true)])
  func serialProductsStayOnOneThread(depth: Int, isTransposed: Bool) {
    let (rowCount, columnCount) = (70, 67)
    var numbers = TestNumbers(seed: 5)
    let a = numbers.tensor(isTransposed ? [depth, rowCount] : [rowCount, depth])
    let b = numbers.tensor([depth, columnCount])
    let results = onThreadCounts([1, 2, 3]) {
      let threads = threadCount
      let c = Buffer(.float32, count: rowCount * columnCount)
      serialProduct(
        into: c.floats, stride: columnCount, rowCount: rowCount, columnCount: columnCount,
        depth: depth,
        ProductFactor(a.buffer.floats, stride: a.shape[1], isTransposed: isTransposed),
        ProductFactor(b.buffer.floats, stride: columnCount))
      #expect(threadCount == threads)
      return c.array(of: Float.self)
    }
    for result in results { #expect(result == results[0]) }
    let factor =
      isTransposed
      ? ProductsReference.transpose(a.doubles, rowCount: depth, columnCount: rowCount) : a.doubles
    expectClose(
      results[0].map(Double.init),
      ProductsReference.product(
        factor, b.doubles, rowCount: rowCount, columnCount: columnCount, depth: depth),
      tolerance: 1e-6, "depth \(depth), transposed \(isTransposed)")
  }

  @Test func sizesThatDoNotMeetAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let x = Buffer(.float32, count: 12)
      let matrix = Matrix(x, rowCount: 3, columnCount: 4)
      product(into: Matrix(x, rowCount: 3, columnCount: 3), matrix, matrix)
    }
  }
}
