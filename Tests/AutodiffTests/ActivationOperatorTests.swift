import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

/// Shapes with counts below, at and beyond the width of vectors.
private let shapes = [[1], [3], [2, 3, 5], [17], [33], [1, 130]]

@Suite struct ActivationOperatorTests {
  @Test(arguments: shapes)
  func geluMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    checkOperator(
      [numbers.tensor(shape, in: -5..<5)], "gelu \(shape)",
      reference: { $0[0].map(ActivationsReference.gelu) }, operation: { gelu($1[0]) })
  }

  @Test(arguments: shapes)
  func siluMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 2)
    checkOperator(
      [numbers.tensor(shape, in: -9..<9)], "silu \(shape)",
      reference: { $0[0].map(ActivationsReference.silu) }, operation: { silu($1[0]) })
  }

  @Test(arguments: shapes)
  func siluProductMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 3)
    checkOperator(
      [numbers.tensor(shape, in: -9..<9), numbers.tensor(shape)], "siluProduct \(shape)",
      reference: { zip($0[0], $0[1]).map { ActivationsReference.silu($0) * $1 } },
      operation: { siluProduct($1[0], $1[1]) })
  }

  @Test func manyElementsMatchTheReference() {
    var numbers = TestNumbers(seed: 4)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([3, 30_011], in: -8..<8), on: tape)
    let points = x.value.doubles
    expectClose(
      gelu(x).value.doubles, points.map(ActivationsReference.gelu), tolerance: 2e-7, "gelu")
    expectClose(
      silu(x).value.doubles, points.map(ActivationsReference.silu), tolerance: 2e-7, "silu")
  }

  /// The composed twin: silu, then a product.
  @Test func siluProductIsSiluTimesTheValue() {
    var numbers = TestNumbers(seed: 5)
    let (gate, value) = (numbers.tensor([7, 5001], in: -9..<9), numbers.tensor([7, 5001]))
    func gradients(_ operation: (Variable, Variable) -> Variable) -> [[Double]] {
      let tape = Tape(isRecording: true)
      let (a, b) = (Variable(input: gate, on: tape), Variable(input: value, on: tape))
      let y = operation(a, b)
      let target = Variable(constant: Tensor(repeating: 0.5, shape: y.shape), on: tape)
      tape.backward(from: squaredError(y, target, scale: 0.5))
      return [y.value.doubles] + [a, b].map { $0.adjoint?.gradient?.doubles ?? [] }
    }
    let composed = gradients { product(silu($0), $1) }
    for (fused, parts) in zip(gradients(siluProduct), composed) {
      expectClose(fused, parts, tolerance: 3e-7, "siluProduct")
    }
  }

  /// x = gelu(x) − gelu(−x), since Φ(x) + Φ(−x) = 1; likewise for silu.
  @Test func theOddPartIsHalfTheIdentity() {
    var numbers = TestNumbers(seed: 6)
    let tape = Tape(isRecording: false)
    let x = numbers.tensor([999], in: -6..<6)
    let mirrored = Tensor(x.array(of: Float.self).map { -$0 }, shape: x.shape)
    for activation in [gelu, silu] as [(Variable) -> Variable] {
      let positive = activation(Variable(constant: x, on: tape)).value.doubles
      let negative = activation(Variable(constant: mirrored, on: tape)).value.doubles
      expectClose(zip(positive, negative).map { $0 - $1 }, x.doubles, tolerance: 2e-7, "odd part")
    }
  }

  @Test func shapesThatDifferStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let gate = Variable(constant: Tensor(repeating: 0, shape: [2, 8]), on: tape)
      let value = Variable(constant: Tensor(repeating: 0, shape: [8, 2]), on: tape)
      _ = siluProduct(gate, value)
    }
  }
}

/// Elementwise product, recorded by hand.
private func product(_ a: Variable, _ b: Variable) -> Variable {
  func times(_ x: Tensor, _ y: Tensor) -> Tensor {
    Tensor(zip(x.array(of: Float.self), y.array(of: Float.self)).map { $0 * $1 }, shape: x.shape)
  }
  let (left, right) = (a.value, b.value)
  let (leftAdjoint, rightAdjoint) = (a.adjoint, b.adjoint)
  return a.tape.record(times(left, right), from: [a, b]) { dy in
    leftAdjoint?.accumulate(times(dy, right))
    rightAdjoint?.accumulate(times(dy, left))
  }
}
