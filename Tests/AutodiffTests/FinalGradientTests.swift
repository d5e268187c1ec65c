import Autodiff
import Tensors
import TestSupport
import Testing

/// When the tape calls a parameter's gradient final.
@Suite struct FinalGradientTests {
  private struct Model {
    let arena = ParameterArena()
    let first: Parameter
    let unused: Parameter
    let shared: Parameter
    let aside: Parameter

    init() {
      let scope = ParameterScope(arena)
      first = scope.parameter("first", [3], .normal(standardDeviation: 1))
      unused = scope.parameter("unused", [2], .constant(1))
      shared = scope.parameter("shared", [3], .normal(standardDeviation: 1))
      aside = scope.parameter("aside", [3], .constant(1))
      arena.allocate(forTraining: true)
      arena.initialize(seed: 1)
      arena.setGradients(Tensor(repeating: 99, shape: [arena.count]))
    }

    /// shared enters twice, before and after first, and the first time in a part that may be computed
    /// again; aside is computed with, to no effect.
    func loss(on tape: Tape) -> Variable {
      let zero = Variable(constant: Tensor(repeating: 0, shape: [3]), on: tape)
      let early = tape.recomputing(zero) { add($0, scale($0.tape[shared], by: 2)) }
      _ = scale(tape[aside], by: 3)
      let late = add(add(early, tape[first]), tape[shared])
      return squaredError(
        late, Variable(constant: Tensor(repeating: 1, shape: [3]), on: tape), scale: 1)
    }
  }

  @Test(arguments: [false, true])
  func everyParameterIsFinalOnceAndWithItsLastGradient(recomputesBlocks: Bool) {
    let model = Model()
    let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
    var told: [(name: String, gradient: [Float])] = []
    var callCount = 0
    tape.backward(from: model.loss(on: tape), into: model.arena) { final in
      callCount += 1
      told += final.map { ($0.name, $0.gradient.array()) }
    }
    // In the order in which the uses run back: the first use of "shared" is the last to.
    #expect(told.map(\.name) == ["unused", "first", "aside", "shared"])
    #expect(callCount == (recomputesBlocks ? 6 : 7))
    for (name, gradient) in told { #expect(gradient == model.arena[name]?.gradient.array()) }
    #expect(told[0].gradient == [0, 0] && told[2].gradient == [0, 0, 0])
    #expect(told[3].gradient == told[1].gradient.map { 3 * $0 })
  }

  @Test func theGradientsAreThoseOfThePlainPass() {
    let (plain, told) = (Model(), Model())
    for (model, isTold) in [(plain, false), (told, true)] {
      let tape = Tape(isRecording: true)
      let loss = model.loss(on: tape)
      if isTold {
        tape.backward(from: loss, into: model.arena) { _ in }
      } else {
        tape.backward(from: loss, into: model.arena)
      }
    }
    for (left, right) in zip(plain.arena.parameters, told.arena.parameters) {
      #expect(left.gradient.array(of: Float.self) == right.gradient.array())
    }
  }

  @Test func anErrorEndsThePass() {
    struct Stop: Error {}
    let model = Model()
    let tape = Tape(isRecording: true)
    let loss = model.loss(on: tape)
    #expect(throws: Stop.self) {
      try tape.backward(from: loss, into: model.arena) { _ in throw Stop() }
    }
  }

  @Test func aLossWithoutParametersLeavesZeros() {
    let model = Model()
    let tape = Tape(isRecording: true)
    let loss = Variable(constant: Tensor(repeating: 1, shape: []), on: tape)
    var names: [String] = []
    tape.backward(from: loss, into: model.arena) { names += $0.map(\.name) }
    #expect(names == ["first", "unused", "shared", "aside"])
    #expect(
      model.arena.parameters.allSatisfy { $0.gradient.array(of: Float.self).allSatisfy { $0 == 0 } }
    )
  }
}
