import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct CellPoolingOperatorTests {
  /// Images, window, stride.
  static let windows: [([Int], Int, Int)] = [
    ([1, 1, 1, 1], 1, 1), ([2, 5, 4, 3], 2, 2), ([1, 7, 5, 17], 3, 2), ([2, 3, 3, 2], 3, 1),
  ]
  /// Images, height and width of the result.
  static let cells: [([Int], Int, Int)] = [
    ([1, 4, 6, 2], 2, 3), ([2, 5, 7, 3], 3, 2), ([1, 2, 3, 5], 4, 4), ([1, 3, 1, 17], 1, 2),
  ]

  private func images(_ sizes: [Int]) -> ImageShape {
    ImageShape(batchSize: sizes[0], height: sizes[1], width: sizes[2], channelCount: sizes[3])
  }

  /// Numbers that differ by more than the step of the differences, in no order.
  private func distinct(_ sizes: [Int]) -> Tensor {
    let count = sizes.reduce(1, *)
    return Tensor((0..<count).map { Float($0 * 373 % 1009) / 64 }, shape: sizes)
  }

  @Test(arguments: windows) func windowsMatchTheReference(x: [Int], kernelSize: Int, stride: Int) {
    let shape = PoolingShape(images(x), kernelSize: kernelSize, stride: stride)
    checkOperator(
      [distinct(x)], "maximum of \(shape)",
      reference: { PoolingReference.maxima($0[0], shape: shape).y },
      operation: { maxPool($1[0], kernelSize: kernelSize, stride: stride) })
    checkOperator(
      [distinct(x)], "mean of \(shape)",
      reference: { PoolingReference.means($0[0], shape: shape) },
      operation: { averagePool($1[0], kernelSize: kernelSize, stride: stride) })
  }

  @Test(arguments: cells) func cellsMatchTheReference(x: [Int], height: Int, width: Int) {
    let shape = PoolingShape(images(x), toHeight: height, width: width)
    checkOperator(
      [distinct(x)], "adaptive maximum of \(shape)",
      reference: { PoolingReference.maxima($0[0], shape: shape).y },
      operation: {
        let y = adaptiveMaxPool($1[0], height: height, width: width)
        #expect(y.shape == [x[0], height, width, x[3]])
        return y
      })
  }

  /// The law: windows of 2×2 are adaptive cells of half the size, and as means the 2×2 average.
  @Test func windowsAreAdaptiveCells() {
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([2, 6, 10, 5]), on: tape)
    func array(_ y: Variable) -> [Float] { y.value.array() }
    #expect(
      array(maxPool(x, kernelSize: 2, stride: 2)) == array(adaptiveMaxPool(x, height: 3, width: 5)))
    let means = averagePool(x, kernelSize: 2, stride: 2)
    let cells = resize(x, height: 3, width: 5, interpolation: .area)
    expectClose(means.value.doubles, cells.value.doubles, tolerance: 1e-6, "area")
    expectClose(
      means.value.doubles, averagePool2x2(x).value.doubles, tolerance: 1e-6, "2x2 average")
  }

  /// Equal numbers: the gradient goes to the first, and gradients of two uses add.
  @Test func theFirstOfEqualNumbersGetsTheGradient() {
    let tape = Tape(isRecording: true)
    let numbers: [Float] = [0, 4, 4, 1, 4, 4, 0, 0, 4]
    let x = Variable(input: Tensor(numbers, shape: [1, 3, 3, 1]), on: tape)
    let y = add(maxPool(x, kernelSize: 2, stride: 1), maxPool(x, kernelSize: 2, stride: 1))
    tape.backward(from: weightedTotal(y, Tensor([1, 2, 3, 4] as [Float], shape: y.shape)))
    #expect(x.adjoint?.gradient?.array(of: Float.self) == [0, 6, 0, 0, 14, 0, 0, 0, 0])
  }

  @Test func sequencesAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = maxPool(
        Variable(constant: Tensor(repeating: 1, shape: [4, 4, 3]), on: tape), kernelSize: 2,
        stride: 2)
    }
  }
}
