import Foundation
import Kernels
import Tensors
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
    Case(batchCount: 1, tokenCount: 35, headCount: 2, headSize: 80, visibleKeyCounts: nil),
    Case(batchCount: 70, tokenCount: 33, headCount: 4, headSize: 32, visibleKeyCounts: nil),
  ]

  /// Output, log sums and gradients of packed queries, keys and values without norms or rotation.
  private func run(
    _ qkv: Buffer, _ dy: Buffer, _ test: Case, route: BFloat16Route = .preferred
  ) -> [[Float]] {
    run(qkv, dy, test, norms: [], nil, route: route)
  }

  /// The same with norms of queries and keys, and the gradients of the norms' parameters.
  private func run(
    _ qkv: Buffer, _ dy: Buffer, _ test: Case, norms: [HeadNormBuffers],
    _ rotation: RotationBuffers?, route: BFloat16Route = .preferred
  ) -> [[Float]] {
    let attention = PackedAttention(
      qkv, queryNorm: norms.first, keyNorm: norms.last, rotation: rotation,
      AttentionShape(
        batchCount: test.batchCount, queryCount: test.tokenCount, keyCount: test.tokenCount,
        headCount: test.headCount, headSize: test.headSize,
        visibleKeyCounts: test.visibleKeyCounts), route: route)
    let y = Buffer(.float32, count: dy.count)
    let logSums = Buffer(
      .float32, count: test.batchCount * test.headCount * test.tokenCount)
    let dqkv = Buffer(.float32, count: qkv.count)
    let dnorms = Buffer(.float32, count: 4 * test.headSize)
    for buffer in [y, logSums, dqkv, dnorms] { fill(buffer, with: .nan) }
    attention.forward(into: y, logSums: logSums)
    attention.backward(into: dqkv, norms: dnorms, dy, logSums: logSums)
    return [y.array(), logSums.array(), dqkv.array(), dnorms.array()]
  }

  /// The softmax of one score is 1 whatever the score: nothing flows back to queries and keys.
  @Test func aSingleKeyGivesNoGradientToQueriesAndKeys() {
    let test = Case(batchCount: 3, tokenCount: 1, headCount: 2, headSize: 6, visibleKeyCounts: nil)
    var numbers = TestNumbers(seed: 6)
    let (width, batchCount) = (test.headCount * test.headSize, test.batchCount)
    let dy = numbers.tensor([batchCount, width])
    let results = run(numbers.tensor([batchCount, 3 * width]).buffer, dy.buffer, test)
    let dqkv = results[2]
    for sample in 0..<batchCount {
      let row = dqkv[sample * 3 * width..<(sample + 1) * 3 * width]
      #expect(row.prefix(2 * width).allSatisfy { $0 == 0 })
      #expect(Array(row.suffix(width)) == dy.slice(sample..<sample + 1).array(of: Float.self))
    }
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

  /// Operands of type bfloat16, multiplied as they are and widened.
  ///
  /// A number halfway between two others may be rounded to the one here and to the other there: hence
  /// the tolerance of the former.
  @Test(arguments: cases, BFloat16Route.allCases)
  private func bfloat16OperandsMatchTheReference(test: Case, route: BFloat16Route) {
    var numbers = TestNumbers(seed: 3)
    let width = test.headCount * test.headSize
    let qkv = numbers.tensor([test.batchCount, test.tokenCount, 3 * width], in: -2..<2)
      .buffer.rounded
    let dy = numbers.tensor([test.batchCount, test.tokenCount, width]).buffer.rounded
    let reference = AttentionReference(
      batchCount: test.batchCount, tokenCount: test.tokenCount, headCount: test.headCount,
      headSize: test.headSize, visibleKeyCounts: test.visibleKeyCounts,
      roundsOperands: route == .library)
    func doubles(_ buffer: Buffer) -> [Double] {
      buffer.widened.array(of: Float.self).map(Double.init)
    }
    let results = run(qkv, dy, test, route: route)
    expectClose(
      results[0].map(Double.init), reference.attention(doubles(qkv)),
      tolerance: route == .library ? 5e-5 : 1e-6, "output")
    expectClose(
      results[2].map(Double.init), reference.attentionGradient(doubles(dy), doubles(qkv)),
      tolerance: route == .library ? 5e-5 : 3e-6, "gradient")
  }

  /// Operands of type bfloat16 whose queries and keys turn by halves.
  @Test(arguments: [(37, 64), (130, 32), (9, 20)])
  func bfloat16OperandsTurnByHalves(tokenCount: Int, headSize: Int) {
    var numbers = TestNumbers(seed: 8)
    let test = Case(
      batchCount: 2, tokenCount: tokenCount, headCount: 2, headSize: headSize,
      visibleKeyCounts: nil)
    let reference = AttentionReference(
      batchCount: 2, tokenCount: tokenCount, headCount: 2, headSize: headSize,
      visibleKeyCounts: nil)
    let qkv = numbers.tensor([2, tokenCount, 6 * headSize], in: -2..<2).buffer.rounded
    let dy = numbers.tensor([2, tokenCount, 2 * headSize]).buffer.rounded
    let angles = (0..<tokenCount * headSize / 2).map { Double($0 % 97) * 0.05 }
    func table(_ function: (Double) -> Double) -> Buffer {
      Tensor(angles.map { Float(function($0)) }, shape: [angles.count]).buffer
    }
    let results = run(
      qkv, dy, test, norms: [],
      RotationBuffers(
        cosines: table(cos), sines: table(sin), tokenCount: tokenCount, pairing: .halves),
      route: .widened)
    let packed = qkv.widened.array(of: Float.self).map(Double.init)
    let rotated = reference.prepared(
      packed, norms: [], epsilon: 0, angles: angles, pairing: .halves)
    expectClose(
      results[0].map(Double.init), reference.attention(rotated), tolerance: 1e-6, "output")
    let drotated = reference.attentionGradient(
      dy.widened.array(of: Float.self).map(Double.init), rotated)
    expectClose(
      results[2].map(Double.init),
      reference.prepared(
        drotated, norms: [], epsilon: 0, angles: angles.map { -$0 }, pairing: .halves),
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
    for (operands, gradient) in [(qkv, dy), (qkv.rounded, dy.rounded)] {
      let results = onThreadCounts([1, 2, 3]) { run(operands, gradient, test, route: .library) }
      #expect(results[1] == results[0])
      #expect(results[2] == results[0])
    }
  }

  @Test func headNormsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 6)
    let test = Case(
      batchCount: 5, tokenCount: 40, headCount: 3, headSize: 10, visibleKeyCounts: nil)
    let qkv = numbers.tensor([5, 40, 90]).buffer
    let dy = numbers.tensor([5, 40, 30]).buffer
    let norms = (0..<2).map { _ in
      HeadNormBuffers(
        weight: numbers.tensor([10]).buffer, bias: numbers.tensor([10]).buffer, epsilon: 1e-5)
    }
    let rotation = RotationBuffers(
      cosines: numbers.tensor([40, 5]).buffer, sines: numbers.tensor([40, 5]).buffer,
      tokenCount: 40)
    let results = onThreadCounts([1, 2, 3]) { run(qkv, dy, test, norms: norms, rotation) }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// Every query is in one tile, no tile is larger than its limit, and tiles end where the keys that
  /// are seen grow.
  @Test(arguments: [
    ([Int](repeating: 300, count: 300), [128, 128, 44]),
    (
      mask([32, 64, 128, 256, 1, 1, 2, 4, 8, 16, 32, 64], 608),
      [32] + [Int](repeating: 64, count: 7) + [32, 32, 64]
    ),
    (Array(1...100), [64, 36]),
    ([7], [1]),
  ])
  func tilesFollowTheMask(visible: [Int], sizes: [Int]) {
    let shape = AttentionShape(
      batchCount: 1, queryCount: visible.count, keyCount: visible.max() ?? 0, headCount: 1,
      headSize: 4, visibleKeyCounts: visible)
    #expect(shape.tiles.map(\.count) == sizes)
    #expect(shape.tiles.flatMap { Array($0) } == Array(0..<visible.count))
  }

  @Test func operandsThatDoNotMatchStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let four = Buffer(.float32, count: 4)
      _ = PackedAttention(
        Buffer(.float32, count: 23), queryNorm: nil, keyNorm: nil,
        rotation: RotationBuffers(cosines: four, sines: four, tokenCount: 2),
        AttentionShape(
          batchCount: 1, queryCount: 2, keyCount: 2, headCount: 1, headSize: 4,
          visibleKeyCounts: nil))
    }
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
