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
    usage.add([0, 1, 2, 3])
    #expect(usage.entropy == 2)
    #expect(usage.usedCount == 4 && usage.usedShare == 0.5 && usage.tokenCount == 4)
    var other = CodebookUsage(codebookSize: 8)
    other.add([0, 0, 0, 0])
    #expect(other.entropy == 0 && other.entropy.sign == .plus)
    usage.merge(other)
    #expect(usage.counts == [5, 1, 1, 1, 0, 0, 0, 0])
    let expected = -(5.0 / 8 * log2(5.0 / 8) + 3.0 / 8 * log2(1.0 / 8))
    #expect(abs(usage.entropy - expected) < 1e-12)
  }

  @Test func aCodeOutsideTheCodebookIsRefused() async {
    await #expect(processExitsWith: .failure) {
      var usage = CodebookUsage(codebookSize: 8)
      usage.add([8])
    }
  }
}
