import Autodiff
import Inference
import Kernels
import PhaseFixtures
import Tensors
import TestSupport
import Testing
import Training

@Suite("Codebook: what is reported of its use")
struct CodebookReportTests {
  private let usage = {
    var usage = TokenUsage(codebookSize: 8, levels: [0..<1, 1..<2, 2..<4])
    usage.add([0, 1, 2, 3, 0, 1, 3, 2, 7, 1, 2, 2, 7, 1, 3, 3])
    return usage
  }()

  @Test func figuresAreOfTheWholeOfLevelsAndOfPositions() {
    let figures = Dictionary(
      uniqueKeysWithValues: CodebookReport(usage: usage).figures.map { ($0.name, $0.value) })
    #expect(figures.count == 4 + 3 * 3 + 3)
    #expect(figures["codes_used"] == .integer(5))
    #expect(figures["codes_used_share"] == .number(5.0 / 8))
    #expect(figures["level_0_code_perplexity"] == .number(2))
    #expect(figures["level_1_code_entropy_bits"] == .number(0))
    #expect(figures["level_2_codes_used_share"] == .number(0.25))
    #expect(figures["position_codes_used_share"] == .singles([0.25, 0.125, 0.25, 0.25]))
    #expect(figures["position_code_perplexity"] == .singles([2, 1, 2, 2]))
    #expect(figures["position_code_entropy_bits"] == .singles([1, 0, 1, 1]))
  }

  @Test func theLogHasTheLevels() {
    #expect(
      CodebookReport(usage: usage).text
        == "codebook: 5 of 8 codes used (62.50 %), perplexity 4.757, entropy 2.250 bits; by level, % used: "
        + "25.00, 12.50, 25.00; perplexity: 2.000, 1.000, 2.000; entropy: 1.000, 0, 1.000")
  }

  @Test func aWarningComesOnceUntilTheUsageHasRecovered() {
    func usage(_ usedCount: Int) -> CodebookUsage {
      CodebookUsage(counts: (0..<100).map { $0 < usedCount ? 10 : 0 })
    }
    var warning = UsageWarning(leastShare: 0.2, revives: false)
    let said = [50, 19, 10, 19, 20, 19, 5, 100, 1].map {
      warning.message(about: usage($0), of: "training") != nil
    }
    #expect(said == [false, true, false, false, false, true, false, false, true])
    var never = UsageWarning(leastShare: 0, revives: false)
    #expect(never.message(about: usage(1), of: "training") == nil)
  }

  /// Of few tokens only that is expected which they can use.
  @Test func aWarningKnowsThatFewTokensUseFewCodes() {
    var warning = UsageWarning(leastShare: 0.5, revives: false)
    let few = CodebookUsage(counts: [1, 1, 1, 1] + [Int](repeating: 0, count: 96))
    #expect(warning.message(about: few, of: "training") == nil)
    let fewer = CodebookUsage(counts: [4] + [Int](repeating: 0, count: 99))
    #expect(warning.message(about: fewer, of: "training")?.contains("4 tokens of training") == true)
    #expect(
      UsageWarning(leastShare: 0.5, revives: false).isQuiet(about: CodebookUsage(codebookSize: 3)))
  }
}

extension UsageWarning {
  fileprivate func isQuiet(about usage: CodebookUsage) -> Bool {
    var copy = self
    return copy.message(about: usage, of: "training") == nil
  }
}

@Suite("Codebook: codes that nothing uses")
struct CodebookRevivalTests {
  @Test func stepsWithoutUseAreCounted() {
    var counts: [Float] = [0, 0, 0, 0]
    let dead = [[0, 1], [0], [0, 2], [0]].map { (tokens: [UInt16]) in
      CodebookRevival.advance(&counts, tokens: tokens, limit: 3)
    }
    #expect(dead == [[], [], [3], [1, 3]])
    #expect(counts == [0, 3, 1, 3])
  }

  @Test func everyDeadCodeTakesAnotherToken() {
    func choices(_ dead: [Int], _ tokenCount: Int, step: Int = 0) -> [CodebookRevival.Choice] {
      CodebookRevival.choices(
        for: dead, tokenCount: tokenCount,
        key: RandomKey(seed: 1, purpose: .codebookRevival, step: step))
    }
    let many = choices(Array(0..<50), 64)
    #expect(many.map(\.code) == Array(0..<50))
    #expect(Set(many.map(\.token)).count == 50 && many.allSatisfy { (0..<64).contains($0.token) })
    #expect(many != choices(Array(0..<50), 64, step: 1) && many == choices(Array(0..<50), 64))
    // More codes than tokens: the last ones wait.
    #expect(choices([1, 5, 9], 2).map(\.code) == [1, 5])
    #expect(choices([], 2) == [])
  }

  private static let settings = ["model.codebook.revive=true", "model.codebook.revive_after=2"]

  /// A revived code is one of the step's encodings, at length 1, in the weights and the average, and its
  /// moments are 0; the other codes are as they would have been.
  @Test(arguments: ["float32", "bfloat16"])
  func revivedCodesBeginAnew(precision: String) throws {
    let precision = ["precision=\(precision)"]
    let (steps, left) = (
      try CodebookSteps(Self.settings + precision), try CodebookSteps(precision)
    )
    let tokens = try steps.run(0..<2).map { $0.phases[0].agreement.tokens }
    try left.run(0..<2)
    let used = Set(tokens.flatMap { $0 })
    let (network, other) = (steps.task.mainNetwork, left.task.mainNetwork)
    let codebook = try #require(network.arena["quantize.embedding.weight"])
    let (count, width) = (codebook.shape[0], codebook.shape[1])
    let dead = (0..<count).filter { !used.contains(UInt16($0)) }
    #expect(!dead.isEmpty && dead.count < count)
    for code in 0..<count {
      let range = codebook.offset + code * width..<codebook.offset + (code + 1) * width
      func row(_ array: ParameterArenaArray, _ network: Network) -> [Float] {
        array.tensor(of: network).buffer[range].array(of: Float.self)
      }
      let isDead = dead.contains(code)
      let value = row(.values, network)
      #expect((value == row(.values, other)) == !isDead)
      #expect((row(.average, network) == row(.average, other)) == !isDead)
      guard isDead else {
        #expect(row(.secondMoments, network) == row(.secondMoments, other))
        continue
      }
      let length = value.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(length - 1) < 1e-5)
      #expect(row(.average, network) == value)
      #expect((row(.firstMoments, network) + row(.secondMoments, network)).allSatisfy { $0 == 0 })
    }
    let counts = network.buffers["quantize.unused_steps"]?.value.array(of: Float.self)
    #expect(counts?.count == count && dead.allSatisfy { counts?[$0] == 0 })
  }

  @Test func operandsFollowRevivedCodes() throws {
    let steps = try CodebookSteps(Self.settings + ["precision=bfloat16"])
    try steps.run(0..<2)
    let arena = steps.task.mainNetwork.arena
    let operands = try #require(arena.operands).buffer
    let before = digest(of: operands)
    arena.refreshOperands()
    #expect(digest(of: operands) == before)
  }

  @Test(arguments: 1...4) func goingOnGivesTheBitsOfAnUninterruptedRun(stop: Int) throws {
    let (whole, before) = (try CodebookSteps(Self.settings), try CodebookSteps(Self.settings))
    try whole.run(0..<5)
    try before.run(0..<stop)
    let after = try withTemporaryDirectory { folder in
      try CodebookSteps(Self.settings, from: before.checkpoint(in: folder))
    }
    try after.run(stop..<5)
    #expect(after.digests == whole.digests)
    let alone = try CodebookSteps()
    try alone.run(0..<5)
    #expect(alone.digests.weights != whole.digests.weights)
  }

  /// Without it a network has no buffers, and a checkpoint of it goes on with it.
  @Test func itMayBeTurnedOnLater() throws {
    let before = try CodebookSteps()
    try before.run(0..<2)
    #expect(before.task.mainNetwork.arrays[.buffers] == nil)
    try withTemporaryDirectory { folder in
      let checkpoint = try before.checkpoint(in: folder)
      #expect(!checkpoint.fileNames.contains { $0.contains("buffers") })
      let after = try CodebookSteps(Self.settings, from: checkpoint)
      #expect(after.doneCount == 2)
      let counts = after.task.mainNetwork.buffers["quantize.unused_steps"]?.value
      #expect(counts?.array(of: Float.self).allSatisfy { $0 == 0 } == true)
      try after.run(2..<5)
    }
  }
}

/// The arrays parallel to an arena.
private enum ParameterArenaArray {
  case values
  case average
  case firstMoments
  case secondMoments

  func tensor(of network: Network) -> Tensor {
    switch self {
    case .values: network.arena.values
    case .average: network.state.movingAverage ?? network.arena.values
    case .firstMoments: network.state.firstMoments
    case .secondMoments: network.state.secondMoments
    }
  }
}
