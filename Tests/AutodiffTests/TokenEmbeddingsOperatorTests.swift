import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct TokenEmbeddingsOperatorTests {
  @Test(arguments: [(1, 1, [1], 1), (2, 7, [2, 1, 3], 5), (3, 5, [5], 17), (2, 4, [0, 3], 33)])
  func addingMatchesTheReference(
    batchCount: Int, tokenCount: Int, runs: [Int], channelCount: Int
  ) {
    var numbers = TestNumbers(seed: 1)
    let rows = runs.map { _ in numbers.tensor([1, channelCount]) }
    checkOperator(
      [numbers.tensor([batchCount, tokenCount, channelCount])] + rows,
      "addTokenEmbeddings \(batchCount), \(tokenCount), \(runs), \(channelCount)",
      reference: {
        TokensReference.addEmbeddings(
          $0[0], rows: Array($0.dropFirst()), runs: runs, batchCount: batchCount,
          tokenCount: tokenCount, channelCount: channelCount)
      },
      operation: { _, inputs in
        addTokenEmbeddings(
          inputs[0],
          rows: zip(inputs.dropFirst(), runs).map { (embedding: $0, tokenCount: $1) })
      })
  }

  @Test func oneEmbeddingMayServeTwoRuns() {
    var numbers = TestNumbers(seed: 2)
    checkOperator(
      [numbers.tensor([2, 5, 3]), numbers.tensor([3])], "shared row",
      reference: {
        TokensReference.addEmbeddings(
          $0[0], rows: [$0[1], $0[1]], runs: [2, 2], batchCount: 2, tokenCount: 5, channelCount: 3)
      },
      operation: { addTokenEmbeddings($1[0], rows: [($1[1], 2), ($1[1], 2)]) })
  }

  /// Gradients of embeddings above all grains: many rows, groups cut inside runs.
  private func gradients(threads: Int) -> [Tensor] {
    setThreadCount(threads)
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: true)
    let x = Variable(constant: numbers.tensor([9, 150, 70]), on: tape)
    let rows = [1, 2].map { _ in Variable(input: numbers.tensor([70]), on: tape) }
    let y = addTokenEmbeddings(x, rows: [(rows[0], 110), (rows[1], 33)])
    tape.backward(from: weightedTotal(y, numbers.tensor([9, 150, 70])))
    return rows.compactMap { $0.adjoint?.gradient }
  }

  @Test func gradientsOfManyRowsAreTheirSumsUnderAnyNumberOfThreads() {
    let threads = threadCount
    defer { setThreadCount(threads) }
    let alone = gradients(threads: 1)
    #expect(alone.map { $0.array(of: Float.self) } == gradients(threads: 2).map { $0.array() })
    var numbers = TestNumbers(seed: 3)
    _ = (numbers.tensor([9, 150, 70]), numbers.tensor([70]), numbers.tensor([70]))
    let weights = numbers.tensor([9, 150, 70]).doubles
    for (tokens, gradient) in zip([0..<110, 110..<143], alone) {
      var expected = [Double](repeating: 0, count: 70)
      for sample in 0..<9 {
        for token in tokens {
          for c in 0..<70 { expected[c] += weights[(sample * 150 + token) * 70 + c] }
        }
      }
      expectClose(gradient.doubles, expected, tolerance: 1e-7, "gradient of \(tokens)")
    }
  }

  @Test(arguments: [(1, 1, 1), (2, 3, 5), (3, 1, 17), (1, 33, 4)])
  func repeatsMatchTheReference(batchCount: Int, tokenCount: Int, channelCount: Int) {
    var numbers = TestNumbers(seed: 4)
    checkOperator(
      [numbers.tensor([1, 1, channelCount])],
      "repeatToken \(batchCount), \(tokenCount), \(channelCount)",
      reference: { inputs in (0..<batchCount * tokenCount).flatMap { _ in inputs[0] } },
      operation: { repeatToken($1[0], batchCount: batchCount, tokenCount: tokenCount) })
    checkOperator(
      [numbers.tensor([tokenCount, channelCount])],
      "repeatBatch \(batchCount), \(tokenCount), \(channelCount)",
      reference: { inputs in (0..<batchCount).flatMap { _ in inputs[0] } },
      operation: { repeatBatch($1[0], batchCount: batchCount) })
  }

  @Test func aRepeatedBatchIsARepeatedTokenOfOneSequence() {
    // [1, 9000] is beyond a tile of columns.
    var numbers = TestNumbers(seed: 5)
    let (x, weights) = (numbers.tensor([1, 9000]), numbers.tensor([5, 1, 9000]))
    let gradients = [true, false].map { isBatch -> [Float] in
      let tape = Tape(isRecording: true)
      let variable = Variable(input: x, on: tape)
      let y =
        isBatch
        ? repeatBatch(variable, batchCount: 5)
        : repeatToken(variable, batchCount: 5, tokenCount: 1)
      tape.backward(from: weightedTotal(y, weights))
      return variable.adjoint?.gradient?.array() ?? []
    }
    #expect(gradients[0] == gradients[1])
    let expected = (0..<9000).map { i in (0..<5).reduce(0) { $0 + weights.doubles[$1 * 9000 + i] } }
    expectClose(gradients[0].map(Double.init), expected, tolerance: 1e-7, "sum over the batch")
  }

  @Test(arguments: [([1], 1, 1), ([0, 3, 2], 3, 5), ([4, 4], 4, 8), ([0, 0], 17, 3)])
  func replacedTailsMatchTheReference(keepCounts: [Int], tokenCount: Int, channelCount: Int) {
    var numbers = TestNumbers(seed: 6)
    checkOperator(
      [
        numbers.tensor([keepCounts.count, tokenCount, channelCount]),
        numbers.tensor([1, 1, channelCount]),
      ], "replaceTail \(keepCounts), \(tokenCount), \(channelCount)",
      reference: {
        TokensReference.replaceTail(
          $0[0], keepCounts: keepCounts, token: $0[1], tokenCount: tokenCount)
      },
      operation: { replaceTail($1[0], keepCounts: keepCounts, token: $1[1]) })
  }

  @Test func gradientsOfReplacedTailsAddToOthers() {
    var numbers = TestNumbers(seed: 7)
    checkOperator(
      [numbers.tensor([2, 4, 3]), numbers.tensor([3])], "replaceTail twice",
      reference: {
        let first = TokensReference.replaceTail(
          $0[0], keepCounts: [1, 3], token: $0[1], tokenCount: 4)
        let second = TokensReference.replaceTail(
          $0[0], keepCounts: [2, 0], token: $0[1], tokenCount: 4)
        return TokensReference.concatenate(
          [first, second], batchCount: 2, tokenCounts: [4, 4], channelCount: 3)
      },
      operation: {
        concatenateTokens([
          replaceTail($1[0], keepCounts: [1, 3], token: $1[1]),
          replaceTail($1[0], keepCounts: [2, 0], token: $1[1]),
        ])
      })
  }

  @Test func largeSequencesMatchTheReference() {
    var numbers = TestNumbers(seed: 8)
    let (x, token) = (numbers.tensor([40, 128, 8]), numbers.tensor([8]))
    let keepCounts = (0..<40).map { $0 * 3 }
    let tape = Tape(isRecording: false)
    let y = replaceTail(
      Variable(constant: x, on: tape), keepCounts: keepCounts,
      token: Variable(constant: token, on: tape))
    #expect(
      y.value.doubles
        == TokensReference.replaceTail(
          x.doubles, keepCounts: keepCounts, token: token.doubles, tokenCount: 128))
  }

  @Test func countsThatDoNotFitStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 0, shape: [1, 2, 3]), on: tape)
      let row = Variable(constant: Tensor(repeating: 0, shape: [3]), on: tape)
      _ = addTokenEmbeddings(x, rows: [(row, 3)])
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 0, shape: [1, 2, 3]), on: tape)
      let token = Variable(constant: Tensor(repeating: 0, shape: [3]), on: tape)
      _ = replaceTail(x, keepCounts: [3], token: token)
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(constant: Tensor(repeating: 0, shape: [3]), on: Tape(isRecording: false))
      _ = repeatBatch(x, batchCount: 2)
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(constant: Tensor(repeating: 0, shape: [3]), on: Tape(isRecording: false))
      _ = repeatToken(x, batchCount: -1, tokenCount: 1)
    }
  }
}
