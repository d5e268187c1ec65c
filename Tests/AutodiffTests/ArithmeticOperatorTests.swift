import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct ArithmeticOperatorTests {
  static let shapes = [[1], [3, 5], [2, 3, 17], [1, 2, 2, 33]]

  @Test(arguments: shapes) func sumsAndDifferencesMatchTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    let inputs = [numbers.tensor(shape), numbers.tensor(shape)]
    checkOperator(
      inputs, "add \(shape)", reference: { zip($0[0], $0[1]).map { $0.0 + $0.1 } },
      operation: { add($1[0], $1[1]) })
    checkOperator(
      inputs, "subtract \(shape)", reference: { zip($0[0], $0[1]).map { $0.0 - $0.1 } },
      operation: { subtract($1[0], $1[1]) })
    checkOperator(
      [inputs[0]], "scale \(shape)", reference: { $0[0].map { -1.5 * $0 } },
      operation: { scale($1[0], by: -1.5) })
  }

  @Test(arguments: shapes) func residualMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 2)
    checkOperator(
      [numbers.tensor(shape), numbers.tensor(shape), numbers.tensor([shape[shape.count - 1]])],
      "residual \(shape)",
      reference: { RowsReference.addScaled($0[0], $0[1], scale: $0[2]) },
      operation: { residual($1[0], $1[1], scale: $1[2]) })
  }

  /// The law: with γ = 1 a residual is a sum; large enough for several threads.
  @Test func aResidualOfScaleOneIsASum() {
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([500, 130]), on: tape)
    let y = Variable(constant: numbers.tensor([500, 130]), on: tape)
    let one = Variable(constant: Tensor(repeating: 1, shape: [130]), on: tape)
    #expect(residual(x, y, scale: one).value.array(of: Float.self) == add(x, y).value.array())
    let difference = subtract(add(x, y), x).value.doubles
    expectClose(difference, y.value.doubles, tolerance: 1e-6, "x + y - x")
  }

  /// x − x: both arguments share one adjoint, and a use in a branch adds to the skip's gradient.
  @Test func gradientsOfSharedArgumentsAdd() {
    var numbers = TestNumbers(seed: 4)
    checkOperator(
      [numbers.tensor([3, 5]), numbers.tensor([5])], "residual of itself",
      reference: { inputs in
        let doubled = RowsReference.addScaled(inputs[0], inputs[0], scale: inputs[1])
        return zip(doubled, inputs[0]).map { $0.0 - 3 * $0.1 }
      },
      operation: { subtract(residual($1[0], $1[0], scale: $1[1]), scale($1[0], by: 3)) })
  }

  @Test func differingShapesAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = add(
        Variable(constant: Tensor(repeating: 1, shape: [2, 3]), on: tape),
        Variable(constant: Tensor(repeating: 1, shape: [3, 2]), on: tape))
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 1, shape: [2, 3]), on: tape)
      _ = residual(
        x, x, scale: Variable(constant: Tensor(repeating: 1, shape: [2]), on: tape))
    }
  }
}
