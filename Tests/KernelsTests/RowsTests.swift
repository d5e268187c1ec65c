import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct RowsTests {
  @Test(arguments: [(1, 1), (3, 17), (1000, 16), (2049, 33), (70, 130), (300, 64)], [false, true])
  func sumsMatchTheReference(size: (rowCount: Int, channelCount: Int), isAdding: Bool) {
    var numbers = TestNumbers(seed: 1)
    let a = numbers.tensor([size.rowCount, size.channelCount])
    let b = numbers.tensor([size.rowCount, size.channelCount])
    let before: Double = isAdding ? 2 : 0
    let sum = Tensor(repeating: isAdding ? 2 : .nan, shape: [size.channelCount])
    sumRows(into: sum.buffer, isAdding: isAdding, a.buffer)
    expectClose(
      sum.doubles,
      RowsReference.sum(a.doubles, channelCount: size.channelCount).map { $0 + before },
      tolerance: 2e-6, "sum of \(size)")
    fill(sum.buffer, with: isAdding ? 2 : .nan)
    sumRowProducts(into: sum.buffer, isAdding: isAdding, a.buffer, b.buffer)
    let products = zip(a.doubles, b.doubles).map { $0.0 * $0.1 }
    expectClose(
      sum.doubles,
      RowsReference.sum(products, channelCount: size.channelCount).map { $0 + before },
      tolerance: 2e-6, "products of \(size)")
  }
}
