import Foundation
import ImageFiles
import Inference
import TestSupport
import Testing

@Suite struct ScoreTests {
  private let grey = RGBImage(height: 4, width: 4, filledWith: 100)

  @Test func theRatioIsThatOfTheFormula() throws {
    var score = ReconstructionScore()
    #expect(score.peakSignalToNoiseRatio == nil && score.meanSquaredError == nil)
    let other = RGBImage(height: 4, width: 4, filledWith: 110)
    score.add(index: 0, original: grey, reconstruction: other)
    let ratio = try #require(score.peakSignalToNoiseRatio)
    #expect(abs(ratio - 20 * log10(25.5)) < 1e-12)
    #expect(score.meanSquaredError == 100 / 65025.0)
  }

  @Test func equalImagesCountWithTheLimit() {
    var score = ReconstructionScore()
    score.add(index: 5, original: grey, reconstruction: grey)
    #expect(score.peakSignalToNoiseRatio == ReconstructionScore.ratioLimit)
  }

  @Test func theMeanDoesNotDependOnWhoScoredWhat() {
    let images = (0..<24).map { index in
      RGBImage(height: 4, width: 4, pixels: (0..<48).map { UInt8(($0 * 31 + index * 17) % 256) })
    }
    func score(_ indices: some Sequence<Int>) -> ReconstructionScore {
      var score = ReconstructionScore()
      for index in indices {
        score.add(index: index, original: images[index], reconstruction: grey)
      }
      return score
    }
    let whole = score(0..<24)
    for rankCount in [2, 3, 5] {
      var merged = ReconstructionScore()
      for rank in (0..<rankCount).reversed() {
        let part = score(stride(from: rank, to: 24, by: rankCount))
        merged.merge(
          ReconstructionScore(indices: part.indices, meanSquaredErrors: part.meanSquaredErrors))
      }
      #expect(merged == whole)
      #expect(merged.peakSignalToNoiseRatio == whole.peakSignalToNoiseRatio)
      #expect(merged.meanSquaredErrors == whole.meanSquaredErrors)
    }
  }

  @Test func anImageIsNotScoredTwice() async {
    await #expect(processExitsWith: .failure) {
      var score = ReconstructionScore(indices: [3], meanSquaredErrors: [0])
      score.merge(ReconstructionScore(indices: [3], meanSquaredErrors: [0]))
    }
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
