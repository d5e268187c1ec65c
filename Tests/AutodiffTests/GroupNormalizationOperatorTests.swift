import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct GroupNormalizationOperatorTests {
  @Test(
    arguments: [
      ([1, 1, 2, 2], 1), ([2, 3, 3, 6], 3), ([1, 2, 5, 17], 17), ([2, 2, 3, 33], 3),
      ([1, 3, 1, 32], 8),
    ], Activation.allCases)
  func groupNormMatchesTheReference(given: ([Int], Int), activation: Activation) {
    let (shape, groupCount) = given
    var numbers = TestNumbers(seed: 1)
    checkOperator(
      [
        numbers.tensor(shape, in: -2..<2), numbers.tensor([shape[3]], in: 0.5..<2),
        numbers.tensor([shape[3]]),
      ], gradientTolerance: 1e-4, "groupNorm \(shape), \(groupCount) groups, \(activation)",
      reference: {
        GroupNormalizationReference.forward(
          $0[0], weight: $0[1], bias: $0[2], pixelCount: shape[1] * shape[2],
          groupCount: groupCount, epsilon: 1e-3, appliesSiLU: activation == .silu)
      },
      operation: {
        groupNorm(
          $1[0], weight: $1[1], bias: $1[2], groupCount: groupCount, epsilon: 1e-3,
          activation: activation)
      })
  }

  /// The composed twin, over many chunks: value and all gradients.
  @Test func theFusedActivationEqualsSiLUAfterwards() {
    func run(_ operation: (Variable, Variable, Variable) -> Variable) -> [[Double]] {
      var numbers = TestNumbers(seed: 2)
      let tape = Tape(isRecording: true)
      let x = Variable(input: numbers.tensor([2, 33, 31, 24]), on: tape)
      let weight = Variable(input: numbers.tensor([24]), on: tape)
      let bias = Variable(input: numbers.tensor([24]), on: tape)
      let y = operation(x, weight, bias)
      let target = Variable(constant: numbers.tensor(y.shape), on: tape)
      tape.backward(from: squaredError(y, target, scale: 1))
      return [y.value.doubles] + [x, weight, bias].map { $0.adjoint?.gradient?.doubles ?? [] }
    }
    let fused = run {
      groupNorm($0, weight: $1, bias: $2, groupCount: 6, epsilon: 1e-6, activation: .silu)
    }
    let composed = run {
      silu(groupNorm($0, weight: $1, bias: $2, groupCount: 6, epsilon: 1e-6, activation: .identity))
    }
    for (index, (a, b)) in zip(fused, composed).enumerated() {
      expectClose(a, b, tolerance: 2e-6, "result \(index)")
    }
  }

  @Test func groupsThatDoNotDivideTheChannelsAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let channels = Variable(constant: Tensor(repeating: 1, shape: [6]), on: tape)
      _ = groupNorm(
        Variable(constant: Tensor(repeating: 1, shape: [1, 2, 2, 6]), on: tape), weight: channels,
        bias: channels, groupCount: 4, epsilon: 1e-6, activation: .silu)
    }
  }
}
