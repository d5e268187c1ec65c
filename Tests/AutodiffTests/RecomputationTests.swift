import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct RecomputationTests {
  /// A block with two parameters, one of which is used twice, dropout and a residual connection.
  private struct Block {
    let weight: Parameter
    let bias: Parameter
    let key: RandomKey

    func callAsFunction(_ x: Variable) -> Variable {
      let tape = x.tape
      let hidden = linearGELU(x, weight: tape[weight], bias: tape[bias])
      return add(
        x, dropout(linear(hidden, weight: tape[weight]), probability: 0.3, key: key))
    }
  }

  /// The gradients of the arena and of the input, as bits: two blocks of the same parameters, a use of
  /// the weight outside of them, and a second use of each block's input.
  private func gradients(recomputesBlocks: Bool) -> [[UInt32]] {
    var numbers = TestNumbers(seed: 5)
    let arena = ParameterArena()
    let scope = ParameterScope(arena)
    let block = Block(
      weight: scope.parameter("weight", [6, 6], .constant(0)),
      bias: scope.parameter("bias", [6], .constant(0)),
      key: RandomKey(seed: 1, purpose: .dropout))
    _ = scope.parameter("unused", [3], .constant(1))
    arena.allocate(forTraining: true)
    arena.values.buffer.copy(from: numbers.tensor([arena.count]).buffer)
    let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
    let x = Variable(input: numbers.tensor([4, 6]), on: tape)
    let first = tape.recomputing(linear(x, weight: tape[block.weight])) { block($0) }
    let second = tape.recomputing(first) { block($0) }
    let y = linear(add(second, first), weight: tape[block.weight], bias: tape[block.bias])
    tape.backward(
      from: squaredError(y, Variable(constant: numbers.tensor([4, 6]), on: tape), scale: 1),
      into: arena)
    let inputGradient = x.adjoint?.gradient?.array(of: Float.self) ?? []
    return [arena.gradients.array(of: Float.self), inputGradient].map { $0.map(\.bitPattern) }
  }

  @Test func gradientsHaveTheSameBits() {
    let kept = gradients(recomputesBlocks: false)
    #expect(kept[0].contains { $0 != 0 } && kept[1].count == 24)
    #expect(gradients(recomputesBlocks: true) == kept)
  }

  @Test(arguments: [false, true]) func theGradientIsThatOfDifferences(recomputesBlocks: Bool) {
    var numbers = TestNumbers(seed: 6)
    checkOperator(
      [numbers.tensor([3, 5])], "recomputing silu(x)·x, \(recomputesBlocks)",
      recomputesBlocks: recomputesBlocks,
      reference: { $0[0].map { ActivationsReference.silu($0) * $0 } },
      operation: { tape, inputs in tape.recomputing(inputs[0]) { siluProduct($0, $0) } })
  }

  /// The body runs a second time only in the backward pass of a tape that recomputes.
  @Test func theBodyRunsAgainOnlyToGoBack() {
    for (isRecording, recomputesBlocks, forward, all) in [
      (false, true, 1, 1), (true, false, 1, 1), (true, true, 1, 2),
    ] {
      var count = 0
      let tape = Tape(isRecording: isRecording, recomputesBlocks: recomputesBlocks)
      let x = Variable(input: Tensor([Float(2)], shape: [1]), on: tape)
      let y = tape.recomputing(x) {
        count += 1
        return silu($0)
      }
      #expect(count == forward)
      tape.backward(from: y)
      #expect(count == all, "\(isRecording) \(recomputesBlocks)")
    }
  }

  @Test func aTapeThatNeverGoesBackIsFreed() {
    weak var freed: Tape?
    do {
      let arena = ParameterArena()
      let weight = ParameterScope(arena).parameter("weight", [2, 2], .constant(1))
      arena.allocate(forTraining: true)
      let tape = Tape(isRecording: true, recomputesBlocks: true)
      freed = tape
      let x = Variable(input: Tensor(repeating: 1, shape: [1, 2]), on: tape)
      _ = tape.recomputing(x) {
        silu(linear($0, weight: Variable(constant: weight.value, on: $0.tape)))
      }
    }
    #expect(freed == nil)
  }
}
