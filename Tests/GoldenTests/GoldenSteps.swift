import ArrayFiles
import Autodiff
import Configurations
import DataParallel
import Foundation
import GoldenFields
import ImageFiles
import Tensors
import TestSupport
import Training

/// A model's training with samples that a golden file gives: phases, losses, lanes, optimizer and
/// schedule are the program's own, what a lane decodes is the file's.
final class GoldenSteps<Inner: TrainingTask>: TrainingTask {
  private let inner: Inner
  private let samples: (LanePlace) -> Inner.Lane

  init(_ inner: Inner, samples: @escaping (LanePlace) -> Inner.Lane) {
    self.inner = inner
    self.samples = samples
  }

  var phases: [TrainingPhase<Inner.Lane>] { inner.phases }
  func operationCount(inStep step: Int) -> Int { inner.operationCount(inStep: step) }
  var reader: SampleTransport.Reader { { _, _ in [] } }
  func lane(from message: [UInt8], at place: LanePlace) -> Inner.Lane { samples(place) }
  var hasEvaluationData: Bool { inner.hasEvaluationData }
  var dataDigests: [String: String] { inner.dataDigests }
  func evaluate(_ session: TrainingSession) -> Evaluation { .nothing }
  func picture() -> (image: RGBImage, name: String)? { nil }
}

/// The settings of the golden steps, and the lanes that their four samples a step are cut into.
struct GoldenStepSettings {
  let laneCount: Int
  let stepCount: Int
  static let sampleCount = 4

  /// Samples of a lane.
  var sampleCountPerLane: Int { Self.sampleCount / laneCount }

  /// The samples of a lane.
  func samples(of place: LanePlace) -> Range<Int> {
    place.lane * sampleCountPerLane..<(place.lane + 1) * sampleCountPerLane
  }

  /// Keys of a configuration for these steps.
  var overrides: [String] {
    [
      "steps=\(stepCount)", "batch.lanes=\(laneCount)", "batch.per_lane=\(sampleCountPerLane)",
      "precision=float32", "schedule={kind: cosine, warmup: 2, end_rate: 1.0e-4}",
      "optimizer={rate: 1.0e-3, betas: [0.9, 0.95], epsilon: 1.0e-8, weight_decay: 0.1, clip: 0.05}",
      "ema.decay=0.999",
    ]
  }

  /// The configuration file of a kind that the overrides are laid over.
  static func configurationPath(_ kind: String) -> String {
    URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Configs/smoke/\(kind).yaml").path
  }

  func tokenizer(_ golden: GoldenCase, _ images: Tensor) throws -> GoldenSteps<TokenizerTask> {
    var configuration = try TokenizerRunConfiguration(
      contentsOf: Self.configurationPath("tokenizer"), overrides: overrides)
    configuration.model = try golden.fields(TokenizerFields.self).configuration
    configuration.losses.reconstruction.weight = 1
    let latentCount = configuration.model.latents.count
    let (shape, count) = (Array(images.shape.dropFirst(2)), sampleCountPerLane)
    return GoldenSteps(try TokenizerTask(configuration, isCoordinator: false)) { place in
      let batch = images.slice(place.step..<place.step + 1).reshaped(to: [Self.sampleCount] + shape)
      return TokenizerTask.Lane(
        images: batch.slice(samples(of: place)),
        keepCounts: [Int](repeating: latentCount, count: count))
    }
  }

  func generator(
    _ golden: GoldenCase, tokens: [Int32], labels: [Int32]
  ) throws -> GoldenSteps<GeneratorTask> {
    var configuration = try GeneratorRunConfiguration(
      contentsOf: Self.configurationPath("generator"), overrides: overrides)
    configuration.model = try golden.fields(GeneratorFields.self).configuration
    let tokenCount = configuration.model.tokenCount
    return GoldenSteps(try GeneratorTask(configuration, isCoordinator: false)) { place in
      let range = samples(of: place)
      let rows = place.step * Self.sampleCount + range.lowerBound
      let count = range.count
      return GeneratorTask.Lane(
        tokens: Tensor(
          Array(tokens[rows * tokenCount..<(rows + count) * tokenCount]),
          shape: [count, tokenCount]),
        labels: Array(labels[rows..<rows + count]))
    }
  }
}
