import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

private let shapes = [[1, 1], [1, 2], [3, 5], [2, 3, 17], [5, 33], [67, 4], [2, 130]]

@Suite struct NormalizationOperatorTests {
  // One channel is left out: its gradient is zero, that is, all rounding.
  @Test(arguments: shapes.dropFirst())
  func layerNormMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    let width = shape[shape.count - 1]
    checkOperator(
      [numbers.tensor(shape), numbers.tensor([width]), numbers.tensor([width])],
      gradientTolerance: 3e-5, "layerNorm \(shape)",
      reference: {
        NormalizationReference.layerNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 0.01)
      },
      operation: { layerNorm($1[0], weight: $1[1], bias: $1[2], epsilon: 0.01) })
  }

  @Test(arguments: shapes)
  func rmsNormMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 2)
    let width = shape[shape.count - 1]
    checkOperator(
      [numbers.tensor(shape), numbers.tensor([width])], "rmsNorm \(shape)",
      reference: { NormalizationReference.rmsNorm($0[0], weight: $0[1], epsilon: 0.01) },
      operation: { rmsNorm($1[0], weight: $1[1], epsilon: 0.01) })
  }

  @Test func manyRowsMatchTheReference() {
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([3, 211, 130], in: 9..<11), on: tape)
    let weight = Variable(constant: numbers.tensor([130]), on: tape)
    let bias = Variable(constant: numbers.tensor([130]), on: tape)
    expectClose(
      layerNorm(x, weight: weight, bias: bias, epsilon: 1e-6).value.doubles,
      NormalizationReference.layerNorm(
        x.value.doubles, weight: weight.value.doubles, bias: bias.value.doubles, epsilon: 1e-6),
      tolerance: 3e-6, "layerNorm")
    expectClose(
      rmsNorm(x, weight: weight, epsilon: 1e-5).value.doubles,
      NormalizationReference.rmsNorm(
        x.value.doubles, weight: weight.value.doubles, epsilon: 1e-5),
      tolerance: 3e-7, "rmsNorm")
  }

  /// The composed twin of the gradients over many rows: the formulas of the chain rule, row by row.
  @Test func gradientsOfManyRowsAreTheComposedOnes() {
    var numbers = TestNumbers(seed: 4)
    let (rowCount, width) = (700, 48)
    let tape = Tape(isRecording: true)
    let x = Variable(input: numbers.tensor([rowCount, width]), on: tape)
    let weight = Variable(input: numbers.tensor([width]), on: tape)
    let bias = Variable(input: numbers.tensor([width]), on: tape)
    let zero = Variable(constant: Tensor(repeating: 0, shape: x.shape), on: tape)
    let y = layerNorm(x, weight: weight, bias: bias, epsilon: 1e-5)
    let (points, gain, d) = (x.value.doubles, weight.value.doubles, y.value.doubles)  // dy = y
    tape.backward(from: squaredError(y, zero, scale: 0.5))
    var dx = points
    var dweight = [Double](repeating: 0, count: width)
    var dbias = dweight
    for row in 0..<rowCount {
      let range = row * width..<(row + 1) * width
      let mean = points[range].reduce(0, +) / Double(width)
      let variance = points[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      let deviation = (variance + 1e-5).squareRoot()
      let normalized = points[range].map { ($0 - mean) / deviation }
      let weighted = zip(d[range], gain).map { $0 * $1 }
      let a = weighted.reduce(0, +) / Double(width)
      let b = zip(weighted, normalized).reduce(0) { $0 + $1.0 * $1.1 } / Double(width)
      for i in 0..<width {
        dx[row * width + i] = (weighted[i] - a - normalized[i] * b) / deviation
        dweight[i] += d[row * width + i] * normalized[i]
        dbias[i] += d[row * width + i]
      }
    }
    expectClose(x.adjoint?.gradient?.doubles ?? [], dx, tolerance: 2e-6, "dx")
    expectClose(weight.adjoint?.gradient?.doubles ?? [], dweight, tolerance: 2e-6, "dweight")
    expectClose(bias.adjoint?.gradient?.doubles ?? [], dbias, tolerance: 2e-6, "dbias")
  }

  @Test func rowsHaveMeanZeroAndVarianceOne() {
    var numbers = TestNumbers(seed: 5)
    let tape = Tape(isRecording: false)
    let one = Variable(constant: Tensor(repeating: 1, shape: [96]), on: tape)
    let zero = Variable(constant: Tensor(repeating: 0, shape: [96]), on: tape)
    let x = Variable(constant: numbers.tensor([50, 96], in: 3..<8), on: tape)
    let y = layerNorm(x, weight: one, bias: zero, epsilon: 1e-6).value.doubles
    for row in 0..<50 {
      let values = y[row * 96..<(row + 1) * 96]
      #expect(abs(values.reduce(0, +)) < 1e-3)
      #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 96 - 1) < 1e-5)
    }
    // Rows of one number only: the variance is zero.
    let even = Variable(constant: Tensor(repeating: 7, shape: [2, 96]), on: tape)
    #expect(
      layerNorm(even, weight: one, bias: zero, epsilon: 1e-6).value.array()
        == [Float](repeating: 0, count: 192))
  }

  @Test func parametersWithoutAGradientDoNotChangeTheOthers() {
    var numbers = TestNumbers(seed: 6)
    let (input, gain) = (numbers.tensor([6, 5]), numbers.tensor([5]))
    func inputGradient(_ wantsAll: Bool) -> (Tensor?, Tensor?) {
      let tape = Tape(isRecording: true)
      let x = Variable(input: input, on: tape)
      let weight = wantsAll ? Variable(input: gain, on: tape) : Variable(constant: gain, on: tape)
      let zero = Variable(constant: Tensor(repeating: 0, shape: x.shape), on: tape)
      let y = rmsNorm(
        layerNorm(x, weight: weight, bias: weight, epsilon: 1e-5), weight: weight, epsilon: 1e-5)
      tape.backward(from: squaredError(y, zero, scale: 1))
      return (x.adjoint?.gradient, weight.adjoint?.gradient)
    }
    let (all, some) = (inputGradient(true), inputGradient(false))
    #expect(all.0?.doubles == some.0?.doubles && all.0 != nil)
    #expect(all.1 != nil && some.1 == nil)
  }

  @Test func parametersOfAnotherWidthStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 0, shape: [2, 8]), on: tape)
      let four = Variable(constant: Tensor(repeating: 0, shape: [4]), on: tape)
      _ = rmsNorm(x, weight: four, epsilon: 1e-5)
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 0, shape: [2, 8]), on: tape)
      let eight = Variable(constant: Tensor(repeating: 0, shape: [8]), on: tape)
      let four = Variable(constant: Tensor(repeating: 0, shape: [4]), on: tape)
      _ = layerNorm(x, weight: eight, bias: four, epsilon: 1e-5)
    }
  }
}
