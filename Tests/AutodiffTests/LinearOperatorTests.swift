import Autodiff
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct LinearOperatorTests {
  /// Shape of x, and outputs.
  static let cases: [([Int], Int)] = [([1], 1), ([3, 5], 7), ([2, 3, 17], 4), ([2, 1], 33)]

  @Test(arguments: cases) func linearMatchesTheReference(shape: [Int], outputSize: Int) {
    var numbers = TestNumbers(seed: 1)
    let inputSize = shape[shape.count - 1]
    checkOperator(
      [
        numbers.tensor(shape), numbers.tensor([outputSize, inputSize]),
        numbers.tensor([outputSize]),
      ],
      "linear \(shape) to \(outputSize)",
      reference: {
        ProductsReference.affine(
          $0[0], weight: $0[1], bias: $0[2], inputSize: inputSize, outputSize: outputSize)
      },
      operation: { linear($1[0], weight: $1[1], bias: $1[2]) })
    checkOperator(
      [numbers.tensor(shape), numbers.tensor([outputSize, inputSize])], "linear without bias",
      reference: {
        ProductsReference.affine(
          $0[0], weight: $0[1], bias: nil, inputSize: inputSize, outputSize: outputSize)
      },
      operation: { linear($1[0], weight: $1[1]) })
  }

  @Test(arguments: cases) func linearGELUMatchesTheReference(shape: [Int], outputSize: Int) {
    var numbers = TestNumbers(seed: 2)
    let inputSize = shape[shape.count - 1]
    checkOperator(
      [
        numbers.tensor(shape), numbers.tensor([outputSize, inputSize]),
        numbers.tensor([outputSize]),
      ],
      "linearGELU \(shape) to \(outputSize)",
      reference: {
        ProductsReference.affine(
          $0[0], weight: $0[1], bias: $0[2], inputSize: inputSize, outputSize: outputSize
        ).map { $0 * 0.5 * erfc(-$0 / 2.0.squareRoot()) }
      },
      operation: { linearGELU($1[0], weight: $1[1], bias: $1[2]) })
  }

  /// The composed twin, over several tiles and threads: value and all gradients.
  @Test func linearGELUEqualsLinearThenGELU() {
    func run(_ operation: (Variable, Variable, Variable) -> Variable) -> [[Double]] {
      var numbers = TestNumbers(seed: 3)
      let tape = Tape(isRecording: true)
      let x = Variable(input: numbers.tensor([4, 150, 96]), on: tape)
      let weight = Variable(input: numbers.tensor([260, 96]), on: tape)
      let bias = Variable(input: numbers.tensor([260]), on: tape)
      let y = operation(x, weight, bias)
      tape.backward(
        from: squaredError(y, Variable(constant: numbers.tensor(y.shape), on: tape), scale: 1))
      return [y.value.doubles]
        + [x, weight, bias].map { $0.adjoint?.gradient?.doubles ?? [] }
    }
    let fused = run { linearGELU($0, weight: $1, bias: $2) }
    let composed = run { gelu(linear($0, weight: $1, bias: $2)) }
    for (index, (a, b)) in zip(fused, composed).enumerated() {
      expectClose(a, b, tolerance: 1e-6, "result \(index)")
    }
  }

  /// Two uses of one weight add their gradients.
  @Test func gradientsOfASharedWeightAdd() {
    var numbers = TestNumbers(seed: 4)
    let (x, weight) = (numbers.tensor([5, 3]), numbers.tensor([3, 3]))
    checkOperator(
      [x, weight], "linear twice",
      reference: { inputs in
        let once = ProductsReference.affine(
          inputs[0], weight: inputs[1], bias: nil, inputSize: 3, outputSize: 3)
        return ProductsReference.affine(
          once, weight: inputs[1], bias: nil, inputSize: 3, outputSize: 3)
      },
      operation: { linear(linear($1[0], weight: $1[1]), weight: $1[1]) })
  }

  @Test func shapesThatDoNotMeetAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = linear(
        Variable(constant: Tensor(repeating: 1, shape: [2, 3]), on: tape),
        weight: Variable(constant: Tensor(repeating: 1, shape: [4, 2]), on: tape))
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = linearGELU(
        Variable(constant: Tensor(repeating: 1, shape: [2, 3]), on: tape),
        weight: Variable(constant: Tensor(repeating: 1, shape: [4, 3]), on: tape),
        bias: Variable(constant: Tensor(repeating: 1, shape: [3]), on: tape))
    }
  }
}
