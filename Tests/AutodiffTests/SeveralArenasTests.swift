import Autodiff
import Tensors
import TestSupport
import Testing

/// Parameters of several arenas on one tape: two that are trained, one without gradients, and one
/// whose gradients are not wanted.
@Suite struct SeveralArenasTests {
  /// A small network: silu(x·Wᵀ + b).
  private struct Network {
    let arena = ParameterArena()
    let weight: Parameter
    let bias: Parameter

    init(isFrozen: Bool = false, seed: UInt64) {
      let scope = ParameterScope(arena)
      weight = scope.parameter("weight", [5, 5], .normal(standardDeviation: 0.5))
      bias = scope.parameter("bias", [5], .normal(standardDeviation: 0.5))
      _ = scope.parameter("unused", [3], .constant(1))
      arena.allocate(forTraining: !isFrozen)
      arena.initialize(seed: seed)
      if !isFrozen { arena.setGradients(Tensor(repeating: 99, shape: [arena.count])) }
    }

    func callAsFunction(_ x: Variable) -> Variable {
      x.tape.recomputing(x) { x in
        silu(linear(x, weight: x.tape[weight], bias: x.tape[bias]))
      }
    }

    var gradients: [Float] { arena.gradients.array() }
  }

  private let first = Network(seed: 1)
  private let second = Network(seed: 2)
  private let frozen = Network(isFrozen: true, seed: 3)
  private let target: Tensor
  private let input: Tensor

  init() {
    var numbers = TestNumbers(seed: 4)
    (input, target) = (numbers.tensor([4, 5]), numbers.tensor([4, 5]))
  }

  /// first, then frozen, then second, so that gradients have to pass through the frozen one.
  private func loss(on tape: Tape, target: Tensor) -> Variable {
    let y = second(frozen(first(Variable(constant: input, on: tape))))
    return squaredError(y, Variable(constant: target, on: tape), scale: 0.5)
  }

  /// The same parameters in one arena, the frozen ones as constants.
  private func expectedGradients() -> [Float] {
    let arena = ParameterArena()
    let networks = [first, frozen, second].enumerated().map { index, network in
      let scope = ParameterScope(arena)[index]
      return (
        scope.parameter("weight", [5, 5], .constant(0)), scope.parameter("bias", [5], .constant(0)),
        network
      )
    }
    arena.allocate(forTraining: true)
    let tape = Tape(isRecording: true)
    var x = Variable(constant: input, on: tape)
    for (index, (weight, bias, network)) in networks.enumerated() {
      weight.value.buffer.copy(from: network.weight.value.buffer)
      bias.value.buffer.copy(from: network.bias.value.buffer)
      let isFrozen = index == 1
      x = silu(
        linear(
          x, weight: isFrozen ? tape[weight].detached : tape[weight],
          bias: isFrozen ? tape[bias].detached : tape[bias]))
    }
    tape.backward(
      from: squaredError(x, Variable(constant: target, on: tape), scale: 0.5), into: arena)
    return [networks[0], networks[2]].flatMap { weight, bias, _ in
      weight.gradient.array(of: Float.self) + bias.gradient.array(of: Float.self)
    }
  }

  private func gradients(of network: Network) -> [Float] {
    network.weight.gradient.array(of: Float.self) + network.bias.gradient.array(of: Float.self)
  }

  @Test(arguments: [false, true])
  func bothTrainedArenasGetTheirGradients(recomputesBlocks: Bool) {
    let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
    tape.backward(from: loss(on: tape, target: target), into: first.arena, second.arena)
    #expect(gradients(of: first) + gradients(of: second) == expectedGradients())
    #expect(gradients(of: first).contains { $0 != 0 })
    for network in [first, second] {
      #expect(network.arena["unused"]?.gradient.array(of: Float.self) == [0, 0, 0])
    }
    #expect(!frozen.arena.hasGradients)
  }

  @Test(arguments: [false, true])
  func finalGradientsAreToldOfOneArena(recomputesBlocks: Bool) {
    let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
    var told: [String] = []
    var gradient: [Float] = []
    tape.backward(from: loss(on: tape, target: target), into: first.arena) { final in
      told += final.map(\.name)
      if let weight = final.first(where: { $0.name == "weight" }) {
        gradient = weight.gradient.array()
      }
    }
    #expect(told == ["unused", "bias", "weight"])
    #expect(gradient == first.weight.gradient.array(of: Float.self))
    // The other one's are computed all the same.
    #expect(gradients(of: first) + gradients(of: second) == expectedGradients())
  }

  /// What the generator's pass through a discriminator needs, and the pass after it.
  @Test(arguments: [false, true])
  func anArenaWithGradientsCanBeFrozenOnATape(recomputesBlocks: Bool) {
    let tape = Tape(
      isRecording: true, recomputesBlocks: recomputesBlocks, frozenArenas: [second.arena])
    tape.backward(from: loss(on: tape, target: target), into: first.arena)
    #expect(gradients(of: first) == Array(expectedGradients().prefix(30)))
    #expect(second.gradients.allSatisfy { $0 == 99 })
  }

  /// Nothing is recorded for a network that wants no gradient and whose input wants none.
  @Test(arguments: [false, true])
  func aFrozenNetworkOnAConstantCostsNoAdjoint(recomputesBlocks: Bool) {
    let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
    #expect(frozen(Variable(constant: input, on: tape)).adjoint == nil)
    #expect(frozen(Variable(input: input, on: tape)).adjoint != nil)
    #expect(first(Variable(constant: input, on: tape)).adjoint != nil)
  }

  @Test func gradientsIntoAFrozenArenaAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let network = Network(seed: 1)
      let tape = Tape(isRecording: true, frozenArenas: [network.arena])
      let one = Variable(constant: Tensor(repeating: 1, shape: []), on: tape)
      tape.backward(from: one, into: network.arena)
    }
  }
}
