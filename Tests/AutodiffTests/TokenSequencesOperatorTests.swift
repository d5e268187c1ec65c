import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct TokenSequencesOperatorTests {
  private func tape() -> Tape { Tape(isRecording: false) }

  @Test(arguments: [(1, [1], 1), (2, [3, 1], 5), (3, [2, 0, 7], 17), (1, [16, 33], 3)])
  func concatenationMatchesTheReference(batchCount: Int, tokenCounts: [Int], channelCount: Int) {
    var numbers = TestNumbers(seed: 1)
    checkOperator(
      tokenCounts.map { numbers.tensor([batchCount, $0, channelCount]) },
      "concatenateTokens \(batchCount), \(tokenCounts), \(channelCount)",
      reference: {
        TokensReference.concatenate(
          $0, batchCount: batchCount, tokenCounts: tokenCounts, channelCount: channelCount)
      },
      operation: { concatenateTokens($1) })
  }

  @Test(arguments: [(1, 1, 0..<1, 1), (2, 5, 1..<4, 3), (3, 7, 0..<2, 17), (2, 9, 9..<9, 2)])
  func slicesMatchTheReference(
    batchCount: Int, tokenCount: Int, range: Range<Int>, channelCount: Int
  ) {
    var numbers = TestNumbers(seed: 2)
    checkOperator(
      [numbers.tensor([batchCount, tokenCount, channelCount])],
      "sliceTokens \(batchCount), \(tokenCount), \(range), \(channelCount)",
      reference: {
        TokensReference.slice(
          $0[0], batchCount: batchCount, tokenCount: tokenCount, range: range,
          channelCount: channelCount)
      },
      operation: { sliceTokens($1[0], range) })
  }

  @Test func slicesPutTogetherAgainAreTheWholeBothWays() {
    var numbers = TestNumbers(seed: 3)
    // Overlapping slices add; 70 · 300 elements a block are above the grain of copies.
    let x = numbers.tensor([3, 70, 300])
    let tape = Tape(isRecording: true)
    let variable = Variable(input: x, on: tape)
    let parts = [0..<20, 20..<21, 21..<70].map { sliceTokens(variable, $0) }
    let whole = concatenateTokens(parts)
    #expect(whole.value.array(of: Float.self) == x.array())
    let again = concatenateTokens([whole, sliceTokens(variable, 5..<7)])
    let weights = numbers.tensor([3, 72, 300])
    tape.backward(from: weightedTotal(again, weights))
    var expected: [Double] = []
    for sample in 0..<3 {
      var block = Array(weights.doubles[sample * 72 * 300..<(sample * 72 + 70) * 300])
      for i in 0..<600 { block[1500 + i] += weights.doubles[(sample * 72 + 70) * 300 + i] }
      expected += block
    }
    expectClose(
      variable.adjoint?.gradient?.doubles ?? [], expected, tolerance: 1e-7, "gradient of slices")
  }

  @Test func everyTokenOfManySlicesGetsItsGradient() {
    let tape = Tape(isRecording: true)
    let x = Variable(input: Tensor(repeating: 1, shape: [1, 64, 512]), on: tape)
    let whole = concatenateTokens((0..<64).map { sliceTokens(x, $0..<$0 + 1) })
    var numbers = TestNumbers(seed: 9)
    let weights = numbers.tensor(whole.shape)
    tape.backward(from: weightedTotal(whole, weights))
    #expect(x.adjoint?.gradient?.array(of: Float.self) == weights.array())
  }

  @Test(arguments: [[1, 1, 1], [2, 3, 5], [1, 17, 33], [3, 16, 2]])
  func transpositionMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 4)
    checkOperator(
      [numbers.tensor(shape)], "transposeTokens \(shape)",
      reference: {
        TokensReference.transpose(
          $0[0], batchCount: shape[0], tokenCount: shape[1], channelCount: shape[2])
      },
      operation: { transposeTokens($1[0]) })
  }

  @Test func transposingTwiceChangesNothing() {
    var numbers = TestNumbers(seed: 5)
    let x = numbers.tensor([2, 257, 131])
    let y = transposeTokens(Variable(constant: x, on: tape()))
    #expect(y.shape == [2, 131, 257])
    #expect(
      y.value.doubles
        == TokensReference.transpose(
          x.doubles, batchCount: 2, tokenCount: 257, channelCount: 131))
    #expect(transposeTokens(y).value.array(of: Float.self) == x.array())
  }

  @Test func reshapingKeepsTheElementsInPlace() {
    var numbers = TestNumbers(seed: 6)
    checkOperator(
      [numbers.tensor([2, 3, 5])], "reshape", reference: { $0[0] },
      operation: { reshape($1[0], to: [6, 5]) })
    let x = Variable(constant: numbers.tensor([4, 6]), on: tape())
    let y = reshape(x, to: [3, 8])
    x.value.buffer.copy(from: [Float](repeating: 7, count: 24))
    #expect(y.value.array(of: Float.self) == [Float](repeating: 7, count: 24))
  }

  @Test func weightedSumsMatchTheReference() {
    checkOperator(
      [
        Tensor([2 as Float], shape: [1]), Tensor([-3 as Float], shape: []),
        Tensor([0.5 as Float], shape: [1, 1]),
      ],
      "weightedSum", reference: { [0.25 * $0[0][0] - 2 * $0[1][0] + $0[2][0]] },
      operation: { weightedSum([($1[0], 0.25), ($1[1], -2), ($1[2], 1)]) })
  }

  @Test func weightedSumsAddTheGradientsOfATermUsedTwice() {
    checkOperator(
      [Tensor([2 as Float], shape: [])], "weightedSum", reference: { [3.5 * $0[0][0]] },
      operation: { weightedSum([($1[0], 1.5), ($1[0], 2)]) })
  }

  @Test func shapesThatDoNotFitStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let parts = [[1, 2, 3], [1, 2, 4]].map {
        Variable(constant: Tensor(repeating: 0, shape: $0), on: tape)
      }
      _ = concatenateTokens(parts)
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 0, shape: [1, 2, 3]), on: Tape(isRecording: false))
      _ = sliceTokens(x, 1..<3)
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 0, shape: [1, 2, 3]), on: Tape(isRecording: false))
      _ = reshape(x, to: [5])
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(constant: Tensor(repeating: 0, shape: [2]), on: Tape(isRecording: false))
      _ = weightedSum([(x, 1)])
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(constant: Tensor(repeating: 0, shape: [2, 3]), on: Tape(isRecording: false))
      _ = transposeTokens(x)
    }
  }
}
