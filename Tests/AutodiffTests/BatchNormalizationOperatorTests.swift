import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct BatchNormalizationOperatorTests {
  /// Batch, positions and channels; groups.
  @Test(
    arguments: [
      ([2, 1, 1], 1), ([4, 3, 5], 2), ([6, 5, 17], 3), ([3, 7, 2], 1), ([4, 2, 33], 2),
      ([2, 9, 3], 2),
    ])
  func batchNormMatchesTheReference(shape: [Int], groupCount: Int) {
    var numbers = TestNumbers(seed: 1)
    checkOperator(
      [
        numbers.tensor(shape, in: -2..<2), numbers.tensor([shape[2]], in: 0.5..<2),
        numbers.tensor([shape[2]]),
      ], gradientTolerance: 1e-4, "batchNorm \(shape), \(groupCount) groups",
      reference: {
        BatchNormalizationReference.forward(
          $0[0], weight: $0[1], bias: $0[2], batchSize: shape[0], groupCount: groupCount,
          epsilon: 1e-3)
      },
      operation: {
        batchNorm($1[0], weight: $1[1], bias: $1[2], groupCount: groupCount, epsilon: 1e-3)
      })
  }

  private func normalized(_ x: Tensor, groupCount: Int) -> Tensor {
    let tape = Tape(isRecording: false)
    let channelCount = x.lastDimension
    func constant(_ value: Float) -> Variable {
      Variable(constant: Tensor(repeating: value, shape: [channelCount]), on: tape)
    }
    return batchNorm(
      Variable(constant: x, on: tape), weight: constant(1), bias: constant(0),
      groupCount: groupCount, epsilon: 1e-6
    ).value
  }

  /// The law: a group's result is what it gives alone, whatever is in the others; over many chunks.
  @Test func groupsAreIndependent() {
    var numbers = TestNumbers(seed: 2)
    let x = numbers.tensor([12, 14, 14, 96], in: 2..<5)
    let whole = normalized(x, groupCount: 2)
    for samples in [0..<6, 6..<12] {
      let alone = normalized(x.slice(samples), groupCount: 1)
      #expect(whole.slice(samples).array(of: Float.self) == alone.array())
    }
    #expect(normalized(x, groupCount: 1).array(of: Float.self) != whole.array())
  }

  /// What stands before the norm by channel is removed.
  @Test func everyGroupHasMeanZeroAndVarianceOne() {
    var numbers = TestNumbers(seed: 3)
    let y = normalized(numbers.tensor([6, 50, 8], in: 3..<8), groupCount: 3).doubles
    for group in 0..<3 {
      for channel in 0..<8 {
        let values = (0..<100).map { y[(group * 100 + $0) * 8 + channel] }
        #expect(abs(values.reduce(0, +)) < 1e-4)
        #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 100 - 1) < 1e-5)
      }
    }
  }

  @Test func aBatchThatGroupsDoNotDivideIsRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let channels = Variable(constant: Tensor(repeating: 1, shape: [4]), on: tape)
      _ = batchNorm(
        Variable(constant: Tensor(repeating: 1, shape: [9, 3, 4]), on: tape), weight: channels,
        bias: channels, groupCount: 2, epsilon: 1e-6)
    }
  }
}
