import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct CellPoolingTests {
  /// Windows with a rest, overlapping and apart; cells of equal and of odd sizes, and overlapping ones.
  static let shapes: [PoolingShape] = [
    PoolingShape(images(1, 1, 1, 1), kernelSize: 1, stride: 1),
    PoolingShape(images(2, 5, 7, 3), kernelSize: 2, stride: 2),
    PoolingShape(images(1, 13, 8, 33), kernelSize: 3, stride: 2),
    PoolingShape(images(2, 7, 9, 16), kernelSize: 2, stride: 3),
    PoolingShape(images(3, 6, 4, 20), kernelSize: 3, stride: 1),
    PoolingShape(images(2, 8, 12, 5), toHeight: 4, width: 3),
    PoolingShape(images(1, 7, 10, 17), toHeight: 3, width: 4),
    PoolingShape(images(2, 3, 5, 9), toHeight: 7, width: 8),  // smaller than the result
    PoolingShape(images(1, 2, 1, 4), toHeight: 1, width: 3),
    PoolingShape(images(2, 33, 31, 40), toHeight: 16, width: 16),
  ]

  private static func images(_ batchSize: Int, _ height: Int, _ width: Int, _ channelCount: Int)
    -> ImageShape
  {
    ImageShape(batchSize: batchSize, height: height, width: width, channelCount: channelCount)
  }

  /// Eight different numbers, so that most cells hold equal ones.
  private static func ties(_ shape: PoolingShape) -> Tensor {
    var numbers = TestNumbers(seed: 7)
    let elements = (0..<shape.images.elementCount).map { _ in Float(numbers.next() % 8) - 4 }
    return Tensor(elements, shape: [shape.images.elementCount])
  }

  @Test(arguments: shapes, [false, true])
  func maximaMatchTheReference(shape: PoolingShape, isAdding: Bool) {
    let x = Self.ties(shape)
    let expected = PoolingReference.maxima(x.doubles, shape: shape)
    let y = Buffer(.float32, count: shape.result.elementCount)
    let indices = Buffer(.int32, count: y.count)
    cellMaxima(into: y, indices: indices, x.buffer, shape: shape)
    #expect(y.doubles == expected.y)
    var numbers = TestNumbers(seed: 8)
    let dy = numbers.tensor([y.count])
    var gradient = [Double](repeating: isAdding ? 3 : 0, count: x.count)
    for (place, number) in zip(expected.places, dy.doubles) { gradient[place] += number }
    let dx = Tensor(repeating: isAdding ? 3 : .nan, shape: [x.count])
    cellMaximaGradient(
      into: dx.buffer, isAdding: isAdding, dy.buffer, indices: indices, shape: shape)
    expectClose(dx.doubles, gradient, tolerance: 1e-6, "\(shape)")
  }

  @Test(arguments: shapes, [false, true])
  func meansMatchTheReference(shape: PoolingShape, isAdding: Bool) {
    var numbers = TestNumbers(seed: 9)
    let x = numbers.tensor([shape.images.elementCount])
    let dy = numbers.tensor([shape.result.elementCount])
    let y = Buffer(.float32, count: dy.count)
    cellMeans(into: y, x.buffer, shape: shape)
    expectClose(
      y.doubles, PoolingReference.means(x.doubles, shape: shape), tolerance: 1e-6, "\(shape)")
    let dx = Tensor(repeating: isAdding ? 3 : .nan, shape: [x.count])
    cellMeansGradient(into: dx.buffer, isAdding: isAdding, dy.buffer, shape: shape)
    expectClose(
      dx.doubles,
      PoolingReference.meansGradient(dy.doubles, shape: shape).map { $0 + (isAdding ? 3 : 0) },
      tolerance: 1e-6, "dx of \(shape)")
  }

  @Test func nanIsTheLargest() {
    let shape = PoolingShape(Self.images(1, 2, 2, 2), kernelSize: 2, stride: 2)
    let (y, indices) = (Buffer(.float32, count: 2), Buffer(.int32, count: 2))
    let x = Tensor([1, 5, Float.nan, 7, 9, 6, 2, 3], shape: [8])
    cellMaxima(into: y, indices: indices, x.buffer, shape: shape)
    #expect(y.array(of: Float.self)[0].isNaN)
    #expect(y.array(of: Float.self)[1] == 7)
    #expect(indices.array(of: Int32.self) == [1, 1])
  }

  /// The cells themselves, written out.
  @Test func cellsOfKnownSizes() {
    let images = Self.images(1, 7, 10, 1)
    let windows = PoolingShape(images, kernelSize: 3, stride: 2)
    #expect(windows.rows == [0..<3, 2..<5, 4..<7])
    #expect(windows.columns == [0..<3, 2..<5, 4..<7, 6..<9])
    let cells = PoolingShape(images, toHeight: 3, width: 4)
    #expect(cells.rows == [0..<3, 2..<5, 4..<7])
    #expect(cells.columns == [0..<3, 2..<5, 5..<8, 7..<10])
    let overlapping = PoolingShape(Self.images(1, 2, 3, 1), toHeight: 3, width: 5)
    #expect(overlapping.rows == [0..<1, 0..<2, 1..<2])
    #expect(overlapping.columns == [0..<1, 0..<2, 1..<2, 1..<3, 2..<3])
  }

  @Test func windowsThatDoNotFitAreRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = PoolingShape(
        ImageShape(batchSize: 1, height: 5, width: 2, channelCount: 1), kernelSize: 3, stride: 1)
    }
  }
}
