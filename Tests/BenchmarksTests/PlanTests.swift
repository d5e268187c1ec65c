import Benchmarks
import Configurations
import Discriminators
import FeatureNetworks
import Foundation
import TestSupport
import Testing

/// What a plan counts, and how it scales what it measures.
@Suite struct PlanTests {
  private func plan(
    _ name: String, _ overrides: [String] = [], ranks: Int? = nil, rehearse: RunPlan.Rehearse? = nil
  ) throws -> PlanReport {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).yaml")
    try Data(try Repository.text(of: "Configs/\(name).yaml").utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try RunPlan(contentsOf: file.path, overrides: overrides, rankCount: ranks)
      .report(rehearse: rehearse)
  }

  /// The numbers of weights in use that Docs/Networks.md and Docs/Discriminators.md state.
  @Test func weightsAreThoseOfTheFiles() throws {
    let report = try plan("tokenizer/restok-l-256")
    let weights = Dictionary(uniqueKeysWithValues: report.parts.map { ($0.name, $0.weightCount) })
    #expect(weights["tokenizer"] == 661_791_947)
    #expect(weights["LPIPS, VGG-16"] == 14_716_160)
    #expect(weights["alignment, dinov3"] == 303_079_424)
    #expect(weights["discriminator, backbone"] == 21_665_664)
    #expect(weights["discriminator, heads"] == 7_386_245)
    #expect(report.parts.filter(\.isTrained).map(\.name) == ["tokenizer", "discriminator, heads"])
    #expect(report.rankCount == 8 && report.lanesPerRank == 1 && report.measured == nil)
  }

  /// Publicly known counts, in multiplications with weights: VGG-16 15.3·10⁹, ConvNeXt-S 8.7·10⁹.
  @Test func operationsAreThosePubliclyKnown() throws {
    let report = try plan(
      "tokenizer/restok-l-256",
      [
        "batch.lanes=1", "batch.per_lane=1", "model.image_size=224", "model.scales.count=2",
        "losses.perceptual.convnext_s={network: x}", "model.cnn.multipliers=[1, 1, 1, 1, 1]",
        "losses.adversarial.discriminator=patchgan",
      ])
    let parts = Dictionary(uniqueKeysWithValues: report.parts.map { ($0.name, $0.gigaOperations) })
    #expect(abs((parts["LPIPS, VGG-16"] ?? 0) / 6 - 15.35) < 0.05)
    #expect(abs((parts["ConvNeXt-S"] ?? 0) / 6 - 8.69) < 0.05)
    let patches = PatchDiscriminator.Configuration(
      width: 4, stageCount: 1, groupCount: 1, gridSize: 2)
    // 5×5 on 3 and 3×3 on 4 channels of 36 pixels, 4×4 on 9, the logits on 4.
    #expect(
      patches.forwardOperationCount(height: 6, width: 6)
        == 2 * (36 * 25 * 3 * 4 + 36 * 9 * 4 * 4 + 9 * 16 * 4 + 4 * (16 + 25 * 4)))
  }

  @Test(arguments: [(1, 8), (2, 4), (8, 1)])
  func whatIsMeasuredIsScaled(ranks: Int, lanesPerRank: Int) throws {
    var asked: [Int] = []
    let report = try plan("tokenizer/restok-64", ["batch.lanes=8"], ranks: ranks) { count in
      asked.append(count)
      return StepTiming(
        size: "x", dtype: "bf16", rankCount: 1, threadCount: 3, batchSize: count,
        millionWeightCount: 1, stepSeconds: 0.25 + 6 * Double(count), fastestStepSeconds: 0,
        samplesPerSecond: 0, exposedExchangeSeconds: 0, optimizerSeconds: 0.25,
        peakMemoryGibibytes: 2 + 0.5 * Double(count))
    }
    // 20 seconds are over with three samples.
    #expect(asked == [1, 3])
    let measured = try #require(report.measured)
    #expect(abs(measured.stepSeconds - (0.25 + 48 * Double(lanesPerRank))) < 1e-9)
    let trained = report.parts.filter(\.isTrained).reduce(0) { $0 + $1.weightCount }
    let sums = log2(Double(lanesPerRank)) * 4 * Double(trained) / Double(1 << 30)
    #expect(abs(measured.memoryGibibytes - (6 + sums)) < 1e-6)
    #expect(measured.threadCount == 3 && measured.rehearsedSampleCount == 3)
    // 5 of 100 steps without the discriminator.
    let saved = report.parts.filter { $0.name.hasPrefix("discriminator") }
    let share =
      saved.reduce(0) { $0 + $1.gigaOperations }
      / report.parts.reduce(0) { $0 + $1.gigaOperations }
    let hours = (100_000 - 5_000 * share) * measured.stepSeconds / 3600
    #expect(abs(measured.hours - hours) < 1e-6 * hours)
  }

  /// What is rehearsed is checked like a configuration.
  @Test func aBatchThatTheDiscriminatorCannotGroupIsRefused() throws {
    let rehearsal = try Rehearsal(
      configurationPath: Repository.folder + "/Configs/smoke/recipe.yaml", overrides: [],
      batchSize: 9, precision: nil)
    #expect(throws: ConfigurationError.self) {
      _ = try RehearsedTraining(rehearsal.withConfiguredLosses, .single())
    }
  }

  @Test func aFoundationModelThatDoesNotSuitTheDecoderIsRefused() {
    #expect(throws: ConfigurationError.self) {
      _ = try plan(
        "tokenizer/restok-64", ["losses.alignment.network=clip", "model.image_size=768"])
    }
  }

  @Test func ranksThatDoNotDivideTheLanesAreRefused() {
    #expect(throws: ConfigurationError.self) { _ = try plan("tokenizer/restok-64", ranks: 3) }
  }
}
