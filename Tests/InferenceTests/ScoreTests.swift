import Foundation
import ImageFiles
import Inference
import TestSupport
import Testing

@Suite struct ScoreTests {
  private let grey = RGBImage(height: 4, width: 4, filledWith: 100)

  @Test func theRatioIsThatOfTheFormula() throws {
    var score = PixelScore()
    #expect(score.value == nil)
    let other = RGBImage(height: 4, width: 4, filledWith: 110)
    let error = PixelScore.meanSquaredError(grey, other)
    #expect(error == 100 / 65025.0)
    score.add(meanSquaredError: error)
    #expect(abs(try #require(score.value) - 20 * log10(25.5)) < 1e-12)
  }

  @Test func equalImagesAreCountedApart() {
    #expect(PixelScore.meanSquaredError(grey, grey) == 0)
    let equal = PixelScore(meanSquaredErrors: [0])
    #expect(equal.value == nil && equal.equalCount == 1)
    let both = PixelScore(meanSquaredErrors: [0, 0.01, 0])
    #expect(both.value == 20 && both.equalCount == 2 && both.differingCount == 1)
  }

  @Test func usageOfACodebook() {
    var usage = CodebookUsage(codebookSize: 8)
    #expect(usage.entropy == 0 && usage.usedShare == 0)
    for code in 0..<4 { usage.add(code) }
    #expect(usage.entropy == 2 && usage.perplexity == 4)
    #expect(usage.usedCount == 4 && usage.usedShare == 0.5 && usage.tokenCount == 4)
    var other = CodebookUsage(codebookSize: 8)
    for _ in 0..<4 { other.add(0) }
    #expect(other.entropy == 0 && other.entropy.sign == .plus && other.perplexity == 1)
    usage.merge(other)
    #expect(usage.counts == [5, 1, 1, 1, 0, 0, 0, 0])
    let expected = -(5.0 / 8 * log2(5.0 / 8) + 3.0 / 8 * log2(1.0 / 8))
    #expect(abs(usage.entropy - expected) < 1e-12)
  }

  /// As many codes as there are, all equally frequent, whatever their number.
  @Test(arguments: [1, 2, 7, 64, 1000, 8192])
  func thePerplexityOfEqualFrequenciesIsTheNumberOfCodes(size: Int) {
    let usage = CodebookUsage(counts: [Int](repeating: 3, count: size))
    #expect(abs(usage.perplexity / Double(size) - 1) < 1e-12 && usage.usedShare == 1)
    let half = CodebookUsage(counts: usage.counts + [Int](repeating: 0, count: size))
    #expect(half.perplexity == usage.perplexity && half.usedShare == 0.5)
  }

  @Test func usageByLevelAndPosition() {
    let samples: [[UInt16]] = [[0, 1, 2, 2], [0, 1, 3, 1], [4, 1, 2, 3]]
    var usage = TokenUsage(codebookSize: 5, levels: [0..<1, 1..<2, 2..<4])
    usage.add(samples.flatMap { $0 })
    #expect(usage.positions.map(\.counts)[0] == [2, 0, 0, 0, 1])
    #expect(
      usage.byLevel.map(\.counts) == [[2, 0, 0, 0, 1], [0, 3, 0, 0, 0], [0, 1, 3, 2, 0]])
    #expect(usage.byLevel.map(\.usedCount) == [2, 1, 3])
    #expect(usage.total.counts == [2, 4, 3, 2, 1] && usage.total.tokenCount == 12)
    // In any order and any parts.
    var other = TokenUsage(codebookSize: 5, levels: usage.levels)
    for sample in samples.reversed() { other.add(sample) }
    #expect(other == usage)
    other.setCounts([0, 0, 0, 0, 9], at: 1)
    #expect(other.byLevel[1].counts == [0, 0, 0, 0, 9] && other.byLevel[0] == usage.byLevel[0])
  }

  @Test func partsOfSamplesAreRefused() async {
    await #expect(processExitsWith: .failure) {
      var usage = TokenUsage(codebookSize: 5, levels: [0..<1, 1..<2])
      usage.add([0, 1, 2])
    }
  }

  @Test func aCodeOutsideTheCodebookIsRefused() async {
    await #expect(processExitsWith: .failure) {
      var usage = CodebookUsage(codebookSize: 8)
      usage.add(8)
    }
  }
}
