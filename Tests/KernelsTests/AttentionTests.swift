import Kernels
import TestSupport
import Testing

/// A mask of groups of the given sizes, cut off at `tokenCount`.
private func mask(_ groupSizes: [Int], _ tokenCount: Int) -> [Int] {
  var end = 0
  let counts = groupSizes.flatMap { size in
    end += size
    return [Int](repeating: min(end, tokenCount), count: size)
  }
  return Array(counts.prefix(tokenCount))
}

@Suite struct AttentionTests {
  struct Case: CustomStringConvertible, Sendable {
    let batchCount: Int
    let tokenCount: Int
    let headCount: Int
    let headSize: Int
    let visibleKeyCounts: [Int]?

    var description: String {
      "\(batchCount) x \(tokenCount), \(headCount) heads of \(headSize), "
        + (visibleKeyCounts == nil ? "all keys" : "masked")
    }
  }

  /// More than two tiles of queries, groups that do not end with tiles, keys that none sees.
  private static let cases = [
    Case(batchCount: 2, tokenCount: 130, headCount: 3, headSize: 32, visibleKeyCounts: nil),
    Case(
      batchCount: 1, tokenCount: 200, headCount: 2, headSize: 16,
      visibleKeyCounts: Array(1...200)),
    Case(
      batchCount: 2, tokenCount: 152, headCount: 2, headSize: 64,
      visibleKeyCounts: mask([24, 1, 1, 2, 4, 8, 16, 32, 64], 152)),
    Case(
      batchCount: 1, tokenCount: 128, headCount: 2, headSize: 6,
      visibleKeyCounts: mask([1, 1, 2, 4, 8, 16, 32, 64], 128)),
    Case(
      batchCount: 3, tokenCount: 193, headCount: 1, headSize: 4,
      visibleKeyCounts: [Int](repeating: 3, count: 70) + [Int](repeating: 141, count: 123)),
    Case(batchCount: 70, tokenCount: 33, headCount: 4, headSize: 32, visibleKeyCounts: nil),
  ]

  /// Output, log sums and gradients of packed queries, keys and values.
  private func run(_ qkv: Buffer, _ dy: Buffer, _ test: Case) -> [[Float]] {
    let width = test.headCount * test.headSize
    func third(_ buffer: Buffer, _ part: Int) -> HeadRows {
      HeadRows(
        buffer, offset: part * width, stride: 3 * width, sampleRowCount: test.tokenCount)
    }
    func plain(_ buffer: Buffer) -> HeadRows {
      HeadRows(buffer, offset: 0, stride: width, sampleRowCount: test.tokenCount)
    }
    let shape = AttentionShape(
      batchCount: test.batchCount, queryCount: test.tokenCount, keyCount: test.tokenCount,
      headCount: test.headCount, headSize: test.headSize, visibleKeyCounts: test.visibleKeyCounts)
    let y = Buffer(.float32, count: dy.count)
    let logSums = Buffer(
      .float32, count: test.batchCount * test.headCount * test.tokenCount)
    attention(
      into: plain(y), logSums: logSums, queries: third(qkv, 0), keys: third(qkv, 1),
      values: third(qkv, 2), shape)
    let dqkv = Buffer(.float32, count: qkv.count)
    fill(dqkv, with: .nan)
    attentionGradient(
      queries: third(dqkv, 0), keys: third(dqkv, 1), values: third(dqkv, 2), plain(dy),
      output: plain(y), logSums: logSums, queries: third(qkv, 0), keys: third(qkv, 1),
      values: third(qkv, 2), shape)
    return [y.array(), logSums.array(), dqkv.array()]
  }

  @Test(arguments: cases)
  private func manyTilesMatchTheReference(test: Case) {
    var numbers = TestNumbers(seed: 3)
    let width = test.headCount * test.headSize
    let qkv = numbers.tensor([test.batchCount, test.tokenCount, 3 * width], in: -2..<2)
    let dy = numbers.tensor([test.batchCount, test.tokenCount, width])
    let reference = AttentionReference(
      batchCount: test.batchCount, tokenCount: test.tokenCount, headCount: test.headCount,
      headSize: test.headSize, visibleKeyCounts: test.visibleKeyCounts)
    let results = run(qkv.buffer, dy.buffer, test)
    expectClose(
      results[0].map(Double.init), reference.attention(qkv.doubles), tolerance: 1e-6, "output")
    expectClose(
      results[2].map(Double.init), reference.attentionGradient(dy.doubles, qkv.doubles),
      tolerance: 3e-6, "gradient")
  }

  @Test func scoresFarApartStayFinite() {
    var numbers = TestNumbers(seed: 4)
    let test = Case(
      batchCount: 1, tokenCount: 70, headCount: 1, headSize: 4,
      visibleKeyCounts: Array(1...70))
    let qkv = numbers.tensor([1, 70, 12], in: -60..<60)
    let dy = numbers.tensor([1, 70, 4])
    let reference = AttentionReference(
      batchCount: 1, tokenCount: 70, headCount: 1, headSize: 4, visibleKeyCounts: Array(1...70))
    let results = run(qkv.buffer, dy.buffer, test)
    // Scores of several thousands are rounded to about 1e-4 before the exponential.
    expectClose(
      results[0].map(Double.init), reference.attention(qkv.doubles), tolerance: 1e-3, "output")
    #expect(results[2].allSatisfy { $0.isFinite })
  }

  @Test func resultsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 5)
    let test = Case(
      batchCount: 3, tokenCount: 150, headCount: 3, headSize: 16,
      visibleKeyCounts: mask([22, 1, 1, 2, 4, 8, 16, 32, 64], 150))
    let qkv = numbers.tensor([3, 150, 144]).buffer
    let dy = numbers.tensor([3, 150, 48]).buffer
    let results = onThreadCounts([1, 2, 3]) { run(qkv, dy, test) }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test func headNormsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 6)
    let (rowCount, headCount, headSize) = (1200, 3, 10)
    let x = numbers.tensor([rowCount, headCount * headSize]).buffer
    let dy = numbers.tensor([rowCount, headCount * headSize]).buffer
    let norm = HeadNormBuffers(
      weight: numbers.tensor([headSize]).buffer, bias: numbers.tensor([headSize]).buffer,
      epsilon: 1e-5)
    let rotation = RotationBuffers(
      cosines: numbers.tensor([40, 5]).buffer, sines: numbers.tensor([40, 5]).buffer,
      tokenCount: 40)
    func rows(_ buffer: Buffer) -> HeadRows {
      HeadRows(buffer, offset: 0, stride: headCount * headSize, sampleRowCount: 40)
    }
    let results = onThreadCounts([1, 2, 3]) {
      let (y, dx) = (Buffer(.float32, count: x.count), Buffer(.float32, count: x.count))
      let gradients = [Buffer(.float32, count: headSize), Buffer(.float32, count: headSize)]
      normalizeRotate(
        into: rows(y), rows(x), headCount: headCount, headSize: headSize, norm: norm,
        rotation: rotation, rowCount: rowCount)
      normalizeRotateGradient(
        into: rows(dx),
        parameters: (weight: gradients[0], bias: gradients[1], isAdding: (false, false)),
        rows(dy), rows(x), headCount: headCount, headSize: headSize, norm: norm,
        rotation: rotation, rowCount: rowCount)
      return ([y, dx] + gradients).map { $0.array(of: Float.self) }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test func masksThatAreNoneStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = AttentionShape(
        batchCount: 1, queryCount: 3, keyCount: 3, headCount: 1, headSize: 4,
        visibleKeyCounts: [2, 1, 3])
    }
    await #expect(processExitsWith: .failure) {
      _ = AttentionShape(
        batchCount: 1, queryCount: 2, keyCount: 2, headCount: 1, headSize: 4,
        visibleKeyCounts: [0, 2])
    }
    await #expect(processExitsWith: .failure) {
      _ = AttentionShape(
        batchCount: 1, queryCount: 2, keyCount: 2, headCount: 1, headSize: 4,
        visibleKeyCounts: [1, 3])
    }
  }
}
