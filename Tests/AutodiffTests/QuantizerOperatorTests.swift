import Autodiff
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct QuantizerOperatorTests {
  @Test(arguments: [[1, 1], [3, 2], [2, 3, 17], [5, 33], [40, 8]])
  func normalizeRowsMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    let width = shape[shape.count - 1]
    checkOperator(
      [numbers.tensor(shape, in: 0.1..<1)], "normalizeRows \(shape)",
      reference: { QuantizerReference.normalizeRows($0[0], width: width, guard: 1e-12) },
      operation: { normalizeRows($1[0]) })
  }

  @Test func rowsShorterThanTheGuardAreOnlyScaled() {
    var numbers = TestNumbers(seed: 2)
    checkOperator(
      [numbers.tensor([4, 3], in: -0.1..<0.1)], "guarded",
      reference: { QuantizerReference.normalizeRows($0[0], width: 3, guard: 0.5) },
      operation: { normalizeRows($1[0], guard: 0.5) })
    let tape = Tape(isRecording: false)
    let zero = Variable(constant: Tensor(repeating: 0, shape: [2, 8]), on: tape)
    #expect(normalizeRows(zero).value.array() == [Float](repeating: 0, count: 16))
  }

  @Test func unitRowsDoNotDependOnTheLength() {
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: false)
    let x = numbers.tensor([1000, 8])
    let doubled = Tensor(x.array(of: Float.self).map { 4 * $0 }, shape: x.shape)
    let unit = normalizeRows(Variable(constant: x, on: tape)).value
    #expect(
      unit.array(of: Float.self)
        == normalizeRows(Variable(constant: doubled, on: tape)).value.array())
    let expected = QuantizerReference.normalizeRows(x.doubles, width: 8, guard: 1e-12)
    expectClose(unit.doubles, expected, tolerance: 1e-7, "1000 rows")
  }

  @Test(arguments: [(1, 1, 1), (3, 2, 4), (5, 17, 3), (7, 33, 8), (70, 16, 5)])
  func assignmentEntropyMatchesTheReference(rowCount: Int, codeCount: Int, width: Int) {
    var numbers = TestNumbers(seed: 4)
    for temperature in [0.2, 1.5] {
      checkOperator(
        [numbers.tensor([rowCount, width]), numbers.tensor([codeCount, width])],
        valueTolerance: 5e-6, gradientTolerance: 5e-5,
        "assignmentEntropy \(rowCount), \(codeCount), \(width), \(temperature)",
        reference: {
          [
            QuantizerReference.assignmentEntropy(
              $0[0], codes: $0[1], width: width, temperature: temperature)
          ]
        },
        operation: { assignmentEntropy($1[0], codes: $1[1], temperature: Float(temperature)) })
    }
  }

  @Test func assignmentEntropyIsRightForManyRowsAndCodes() {
    var numbers = TestNumbers(seed: 5)
    let tape = Tape(isRecording: true)
    let z = normalizeRows(Variable(constant: numbers.tensor([600, 8]), on: tape))
    let codes = normalizeRows(Variable(constant: numbers.tensor([500, 8]), on: tape))
    for temperature: Float in [0.01, 0.1] {
      let loss = assignmentEntropy(z, codes: codes, temperature: temperature)
      let expected = QuantizerReference.assignmentEntropy(
        z.value.doubles, codes: codes.value.doubles, width: 8, temperature: Double(temperature))
      expectClose(loss.value.doubles, [expected], tolerance: 1e-5, "temperature \(temperature)")
    }
  }

  @Test func definiteAndEvenAssignmentsHaveTheLeastLoss() {
    // Four orthogonal codes, each with two rows: H(p) = 0 and the mean is uniform.
    var codes = [Float](repeating: 0, count: 16)
    for code in 0..<4 { codes[5 * code] = 1 }
    let tape = Tape(isRecording: false)
    let codeRows = Variable(constant: Tensor(codes, shape: [4, 4]), on: tape)
    let z = Variable(constant: Tensor(codes + codes, shape: [8, 4]), on: tape)
    let loss = assignmentEntropy(z, codes: codeRows, temperature: 0.01).value.scalar
    #expect(abs(loss + Float(log(4.0))) < 1e-6)
    // Rows that are all alike: the entropy of each is that of the mean.
    let alike = Variable(constant: Tensor(repeating: 0.5, shape: [8, 4]), on: tape)
    #expect(abs(assignmentEntropy(alike, codes: codeRows, temperature: 1).value.scalar) < 1e-6)
  }

  @Test func straightThroughPassesTheGradientToWhatWasQuantized() {
    var numbers = TestNumbers(seed: 6)
    let tape = Tape(isRecording: true)
    let z = Variable(input: numbers.tensor([3, 5]), on: tape)
    let quantized = Variable(input: numbers.tensor([3, 5]), on: tape)
    let result = straightThrough(quantized, z)
    #expect(result.value.array(of: Float.self) == quantized.value.array())
    let target = Variable(constant: Tensor(repeating: 0, shape: [3, 5]), on: tape)
    tape.backward(from: squaredError(result, target, scale: 0.5))
    #expect(z.adjoint?.gradient?.array(of: Float.self) == quantized.value.array())
    #expect(quantized.adjoint?.gradient == nil)
  }

  @Test func nearestCodesAreThoseOfTheirOwnRows() {
    var numbers = TestNumbers(seed: 7)
    let tape = Tape(isRecording: false)
    let codes = normalizeRows(Variable(constant: numbers.tensor([100, 8]), on: tape)).value
    #expect(nearestCodes(codes, codes: codes).array() == (0..<100).map(Int32.init))
    #expect(nearestCodes(codes.slice(0..<0), codes: codes).shape == [0])
  }

  @Test func codesOfAnotherWidthStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = nearestCodes(
        Tensor(repeating: 0, shape: [2, 8]), codes: Tensor(repeating: 0, shape: [2, 4]))
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let z = Variable(constant: Tensor(repeating: 0, shape: [2, 8]), on: tape)
      _ = assignmentEntropy(z, codes: z, temperature: 0)
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let z = Variable(constant: Tensor(repeating: 0, shape: [2, 8]), on: tape)
      let q = Variable(constant: Tensor(repeating: 0, shape: [8, 2]), on: tape)
      _ = straightThrough(q, z)
    }
  }
}
