import Autodiff
import Foundation
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
  func geluTanhMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 7)
    checkOperator(
      [numbers.tensor(shape, in: -5..<5)], "geluTanh \(shape)",
      reference: { $0[0].map(ActivationsReference.geluTanh) }, operation: { geluTanh($1[0]) })
  }

  @Test(arguments: shapes)
  func tanhMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 8)
    checkOperator(
      [numbers.tensor(shape, in: -3..<3)], "tanh \(shape)",
      reference: { $0[0].map { Foundation.tanh($0) } }, operation: { Autodiff.tanh($1[0]) })
  }

  @Test(arguments: shapes)
  func rectifiersMatchTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 9)
    checkOperator(
      [numbers.tensor(shape)], "relu \(shape)",
      reference: { $0[0].map { max($0, 0) } }, operation: { relu($1[0]) })
    checkOperator(
      [numbers.tensor(shape)], "leakyReLU \(shape)",
      reference: { $0[0].map { ActivationsReference.leakyReLU($0, slope: 0.2) } },
      operation: { leakyReLU($1[0], slope: 0.2) })
  }

  /// x = relu(x) − relu(−x), and a leaky one differs by the slope in its negative part; at 0 the gradients
  /// are 0 and the slope, as of PyTorch's.
  @Test func rectifiersPartTheirArgument() {
    var numbers = TestNumbers(seed: 10)
    let tape = Tape(isRecording: true)
    let x = Variable(input: numbers.tensor([999]), on: tape)
    let negative = relu(scale(x, by: -1))
    let parts = subtract(relu(x), scale(negative, by: 0.25))
    #expect(parts.value.array(of: Float.self) == leakyReLU(x, slope: 0.25).value.array())
    for (slope, expected) in [(Float(0), Float(0)), (0.25, 0.25)] {
      let zero = Variable(input: Tensor(repeating: 0, shape: [2]), on: tape)
      let y = slope == 0 ? relu(zero) : leakyReLU(zero, slope: slope)
      tape.backward(from: weightedTotal(y, Tensor(repeating: 1, shape: [2])))
      #expect(zero.adjoint?.gradient?.array() == [expected, expected])
    }
  }

  /// tanh 2x = 2t / (1 + t²).
  @Test func tanhOfTheDoubleArgument() {
    var numbers = TestNumbers(seed: 11)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([999], in: -4..<4), on: tape)
    let single = Autodiff.tanh(x).value.doubles
    expectClose(
      Autodiff.tanh(scale(x, by: 2)).value.doubles, single.map { 2 * $0 / (1 + $0 * $0) },
      tolerance: 2e-7, "tanh 2x")
  }

  @Test func aNegativeSlopeStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = leakyReLU(Variable(constant: Tensor(repeating: 1, shape: [3]), on: tape), slope: -0.1)
    }
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

  /// x = gelu(x) − gelu(−x), since Φ(x) + Φ(−x) = 1; likewise for silu and the tanh form.
  @Test func theOddPartIsHalfTheIdentity() {
    var numbers = TestNumbers(seed: 6)
    let tape = Tape(isRecording: false)
    let x = numbers.tensor([999], in: -6..<6)
    let mirrored = Tensor(x.array(of: Float.self).map { -$0 }, shape: x.shape)
    for activation in [gelu, silu, geluTanh] as [(Variable) -> Variable] {
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
