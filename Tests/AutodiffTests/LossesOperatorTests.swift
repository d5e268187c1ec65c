import Autodiff
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct LossesOperatorTests {
  @Test(arguments: [[1], [3, 5], [2, 3, 17]])
  func squaredErrorMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    checkOperator(
      [numbers.tensor(shape), numbers.tensor(shape)], "squaredError \(shape)",
      reference: { [0.3 * LossesReference.squaredError($0[0], $0[1])] },
      operation: { squaredError($1[0], $1[1], scale: 0.3) })
  }

  @Test(arguments: [[1], [3, 5], [2, 3, 17]])
  func sumAndHingeMatchTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 5)
    let x = numbers.tensor(shape, in: -3..<3)
    checkOperator(
      [x], "sum \(shape)", reference: { [0.3 * $0[0].reduce(0, +)] },
      operation: { sum($1[0], scale: 0.3) })
    for (isPositive, sign) in [(true, 1.0), (false, -1.0)] {
      checkOperator(
        [x], "hinge \(shape), \(isPositive)",
        reference: { [0.3 * LossesReference.hinge($0[0], sign: sign)] },
        operation: { hinge($1[0], isPositive: isPositive, scale: 0.3) })
    }
  }

  /// Logits at 1 and beyond cost nothing and pull at nothing; two hinges of one logit inside are 2.
  @Test func theHingeEndsAtItsSide() {
    let tape = Tape(isRecording: true)
    let x = Variable(input: Tensor([1, 7, -1, 0.25] as [Float], shape: [4]), on: tape)
    let positive = hinge(x, isPositive: true, scale: 1)
    #expect(positive.value.scalar == 2.75)
    tape.backward(from: positive)
    #expect(x.adjoint?.gradient?.array() == [0, 0, -1, -1] as [Float])
    let inside = Variable(constant: Tensor([0.25, -0.5] as [Float], shape: [2]), on: tape)
    let both = [true, false].map { hinge(inside, isPositive: $0, scale: 0.5).value.scalar }
    #expect(both[0] + both[1] == 2)
  }

  @Test func sumsOfSeveralUsesAdd() {
    let tape = Tape(isRecording: true)
    let x = Variable(input: Tensor([0.5, -4] as [Float], shape: [2]), on: tape)
    let parts = [sum(x, scale: 2), sum(x, scale: -5), hinge(x, isPositive: false, scale: 8)]
    tape.backward(from: weightedSum(parts.map { ($0, 1) }))
    #expect(x.adjoint?.gradient?.array() == [5, -3] as [Float])
  }

  @Test func squaredErrorGivesNoGradientToADetachedArgument() {
    var numbers = TestNumbers(seed: 2)
    let tape = Tape(isRecording: true)
    let x = Variable(input: numbers.tensor([50_000]), on: tape)
    let target = Variable(input: numbers.tensor([50_000]), on: tape)
    tape.backward(from: squaredError(x, target.detached, scale: 0.5))
    let difference = zip(x.value.doubles, target.value.doubles).map { $0.0 - $0.1 }
    expectClose(x.adjoint?.gradient?.doubles ?? [], difference, tolerance: 1e-7, "gradient")
    #expect(target.adjoint?.gradient == nil)
  }

  @Test func theGradientsOfBothArgumentsCancel() {
    let tape = Tape(isRecording: true)
    let x = Variable(input: Tensor([1, 2, 3] as [Float], shape: [3]), on: tape)
    tape.backward(from: squaredError(x, x, scale: 1))
    #expect(x.adjoint?.gradient?.array() == [0, 0, 0] as [Float])
  }

  @Test(arguments: [([1], 1), ([1], 7), ([3], 33), ([2, 5], 64), ([4], 130)])
  func crossEntropyMatchesTheReference(shape: [Int], vocabularySize: Int) {
    var numbers = TestNumbers(seed: 3)
    let rowCount = shape.reduce(1, *)
    let targets = (0..<rowCount).map { _ in Int(numbers.next() % UInt64(vocabularySize)) }
    let tensor = Tensor(targets.map(Int32.init), shape: shape)
    checkOperator(
      [numbers.tensor(shape + [vocabularySize], in: -6..<6)], "crossEntropy \(shape)",
      reference: {
        [
          0.7
            * LossesReference.crossEntropy($0[0], targets: targets, vocabularySize: vocabularySize)
        ]
      },
      operation: { crossEntropy($1[0], targets: tensor, scale: 0.7).loss })
  }

  /// The composed twin: softmax, logarithm and pick, in double precision.
  @Test func crossEntropyIsRightForManyRowsOfAWideVocabulary() {
    var numbers = TestNumbers(seed: 4)
    let (rowCount, vocabularySize) = (37, 4099)
    let logits = numbers.tensor([rowCount, vocabularySize], in: -20..<20)
    let targets = (0..<rowCount).map { $0 * 109 % vocabularySize }
    let tape = Tape(isRecording: true)
    let x = Variable(input: logits, on: tape)
    let (loss, correctCount) = crossEntropy(
      x, targets: Tensor(targets.map(Int32.init), shape: [rowCount]), scale: 0.25)
    let expected = LossesReference.crossEntropy(
      logits.doubles, targets: targets, vocabularySize: vocabularySize)
    expectClose(loss.value.doubles, [0.25 * expected], tolerance: 1e-7, "loss")
    tape.backward(from: loss)
    var gradient = logits.doubles
    var expectedCount = 0
    for row in 0..<rowCount {
      let range = row * vocabularySize..<(row + 1) * vocabularySize
      let largest = gradient[range].max() ?? 0
      if gradient[range].firstIndex(of: largest) == range.lowerBound + targets[row] {
        expectedCount += 1
      }
      let sum = gradient[range].reduce(0) { $0 + exp($1 - largest) }
      for i in range { gradient[i] = 0.25 * exp(gradient[i] - largest) / sum }
      gradient[range.lowerBound + targets[row]] -= 0.25
    }
    expectClose(x.adjoint?.gradient?.doubles ?? [], gradient, tolerance: 2e-6, "gradient")
    #expect(correctCount == expectedCount)
  }

  @Test func crossEntropyStaysFiniteForLargeLogits() {
    let tape = Tape(isRecording: true)
    let logits = Variable(
      input: Tensor([-3e38, 0, 3e38, 1e4, 1e4 - 1, -1e4] as [Float], shape: [2, 3]), on: tape)
    let loss = crossEntropy(logits, targets: Tensor([2, 1] as [Int32], shape: [2]), scale: 1).loss
    #expect(abs(Double(loss.value.scalar) - (1 + log(1 + exp(-1.0)))) < 1e-3)
    tape.backward(from: loss)
    let gradient = logits.adjoint?.gradient?.array(of: Float.self) ?? [.nan]
    #expect(!gradient.contains { !$0.isFinite })
  }

  @Test func correctTargetsHaveTheFirstLargestLogit() {
    let logits = Tensor([0, 2, 2, 1, 2, 2, 5, 5, 5, -1, -2, 0] as [Float], shape: [4, 3])
    func count(_ targets: [Int32]) -> Int {
      let variable = Variable(constant: logits, on: Tape(isRecording: false))
      return crossEntropy(variable, targets: Tensor(targets, shape: [4]), scale: 1).correctCount
    }
    #expect(count([1, 1, 0, 2]) == 4)
    #expect(count([2, 2, 1, 1]) == 0)
    #expect(count([1, 2, 2, 2]) == 2)
  }

  @Test func evenLogitsCostTheLogarithmOfTheVocabulary() {
    let tape = Tape(isRecording: false)
    let logits = Variable(constant: Tensor(repeating: 3, shape: [2, 512]), on: tape)
    let targets = Tensor([0, 511] as [Int32], shape: [2])
    let loss = crossEntropy(logits, targets: targets, scale: 0.5).loss.value.scalar
    #expect(abs(Double(loss) - log(512.0)) < 1e-6)
  }

  @Test func shapesThatDoNotMatchStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 0, shape: [2, 8]), on: tape)
      let target = Variable(constant: Tensor(repeating: 0, shape: [16]), on: tape)
      _ = squaredError(x, target, scale: 1)
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 0, shape: [2, 8]), on: tape)
      _ = crossEntropy(x, targets: Tensor([0] as [Int32], shape: [1]), scale: 1)
    }
  }
}
