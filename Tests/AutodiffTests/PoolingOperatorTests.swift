import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct PoolingOperatorTests {
  /// Batch, height and width of the smaller images, channels.
  static let shapes = [[1, 1, 1, 1], [2, 3, 1, 5], [1, 2, 3, 17], [3, 1, 2, 33]]

  private func imageShape(_ sizes: [Int]) -> ImageShape {
    ImageShape(batchSize: sizes[0], height: sizes[1], width: sizes[2], channelCount: sizes[3])
  }

  @Test(arguments: shapes) func averagePoolMatchesTheReference(sizes: [Int]) {
    var numbers = TestNumbers(seed: 1)
    let small = imageShape(sizes)
    checkOperator(
      [numbers.tensor([sizes[0], 2 * sizes[1], 2 * sizes[2], sizes[3]])], "pooling to \(sizes)",
      reference: { PoolingReference.sumBlocks($0[0], factor: 0.25, small: small) },
      operation: { averagePool2x2($1[0]) })
  }

  @Test(arguments: shapes) func upsamplingMatchesTheReference(sizes: [Int]) {
    var numbers = TestNumbers(seed: 2)
    let small = imageShape(sizes)
    checkOperator(
      [numbers.tensor(sizes)], "upsampling of \(sizes)",
      reference: { PoolingReference.spreadBlocks($0[0], factor: 1, small: small) },
      operation: { upsampleNearest2x($1[0]) })
  }

  /// The law: pooling undoes upsampling; large enough for several threads, and the gradients add.
  @Test func poolingUndoesUpsampling() {
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: true)
    let x = Variable(input: numbers.tensor([3, 33, 20, 40]), on: tape)
    let y = add(averagePool2x2(upsampleNearest2x(x)), averagePool2x2(upsampleNearest2x(x)))
    expectClose(y.value.doubles, x.value.doubles.map { 2 * $0 }, tolerance: 1e-7, "value")
    let zero = Variable(constant: Tensor(repeating: 0, shape: x.shape), on: tape)
    tape.backward(from: squaredError(y, zero, scale: 1))
    expectClose(
      x.adjoint?.gradient?.doubles ?? [], x.value.doubles.map { 8 * $0 }, tolerance: 1e-6,
      "gradient")
  }

  @Test func oddSizesAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = averagePool2x2(Variable(constant: Tensor(repeating: 1, shape: [1, 3, 2, 1]), on: tape))
    }
  }
}
