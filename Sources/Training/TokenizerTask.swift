import Autodiff
import Configurations
import DataParallel
import Datasets
import Foundation
import ImageFiles
import Layers
import ResidualTokenizer
import Tensors

/// Training of the tokenizer: squared error of the reconstruction and the quantizer's losses.
final class TokenizerTask: TrainingTask {
  let arena = ParameterArena()
  let metricNames = ["reconstruction", "commitment", "codebook"]

  private let configuration: TokenizerRunConfiguration
  private let model: ResTok
  private let keepDistribution: NestedDropoutDistribution
  /// The data sets, on the coordinator.
  private let data: (train: ImageLaneReader, evaluation: ImageLaneReader)?
  private let plan: EpochPlan?

  /// Makes the model; opens the data sets on the coordinator.
  init(
    _ configuration: TokenizerRunConfiguration, isCoordinator: Bool,
    reportSkipped: @escaping @Sendable (DataError) -> Void
  ) throws {
    self.configuration = configuration
    model = ResTok(configuration.model, in: ParameterScope(arena))
    keepDistribution = NestedDropoutDistribution(
      latentCount: configuration.model.latents.count, configuration.model.nestedDropout)
    guard isCoordinator else {
      data = nil
      plan = nil
      return
    }
    let reader = { (folder: String) in
      ImageLaneReader(
        dataset: try ImageDataset(folder: folder),
        skipsDamaged: configuration.data.errorPolicy == .skip, reportSkipped: reportSkipped)
    }
    let train = try reader(configuration.data.train)
    data = (train, try reader(configuration.data.evaluation))
    let batch = configuration.training.batch
    plan = EpochPlan(
      sampleCount: train.dataset.sampleCount, laneCount: batch.laneCount,
      samplesPerLane: batch.sampleCountPerLane, seed: configuration.training.run.seed)
  }

  var stepOperationCount: Int { configuration.model.stepOperationCount }

  var reader: SampleTransport.Reader {
    guard let data, let plan else { return { _, _ in [] } }
    return { step, lane in try data.train.training(plan, step: step, lane: lane) }
  }

  func run(_ message: [UInt8], step: Int, lane: Int, on tape: Tape) throws -> LaneResult {
    let seed = configuration.training.run.seed
    let images = try ImageLaneMessage(bytes: message).trainingImages(
      size: configuration.model.imageSize, augmentation: configuration.data.augmentation,
      seed: seed)
    let sampleCount = images.shape[0]
    var stream = RandomStream(
      RandomKey(seed: seed, purpose: .nestedDropout, step: step, index: lane))
    let keepCounts = (0..<sampleCount).map { _ in
      keepDistribution.lengths[stream.choice(weights: keepDistribution.probabilities)]
    }
    return TokenizerStep.run(
      model, images, keepCounts: keepCounts,
      globalSampleCount: configuration.training.batch.sampleCount,
      reconstructionWeight: configuration.losses.reconstructionWeight, on: tape)
  }

  func evaluate(_ session: TrainingSession) throws -> [EvaluationScore] {
    var score = ReconstructionScore()
    var usage = CodebookUsage(codebookSize: configuration.model.codebook.size)
    let data = self.data
    let batch = configuration.training.batch
    try EvaluationPass(session: session, batch: batch).run(
      sampleCount: data?.evaluation.dataset.sampleCount ?? 0
    ) { plan, step, lane in
      try data?.evaluation.evaluation(plan, step: step, lane: lane) ?? []
    } body: { message in
      let lane = ImageLaneMessage(bytes: message)
      guard !lane.items.isEmpty else { return }
      let originals = try lane.evaluationImages(size: configuration.model.imageSize)
      let tokens = model.tokens(of: Tensor(images: originals))
      usage.add(tokens.array(of: Int32.self))
      let reconstructions = RGBImage.images(of: model.images(of: tokens))
      for (item, pair) in zip(lane.items, zip(originals, reconstructions)) {
        score.add(index: item.ordinal, original: pair.0, reconstruction: pair.1)
      }
    }
    return try gathered(score, usage, session)
  }

  /// The scores of all ranks together, alike on every rank.
  private func gathered(
    _ score: ReconstructionScore, _ usage: CodebookUsage, _ session: TrainingSession
  ) throws -> [EvaluationScore] {
    let indices = try session.communicator.allGather(score.indices)
    let errors = try session.communicator.allGather(score.meanSquaredErrors)
    let counts = try session.communicator.allGather(usage.counts)
    var allScore = ReconstructionScore()
    var allUsage = CodebookUsage(codebookSize: usage.codebookSize)
    for rank in indices.indices {
      allScore.merge(
        ReconstructionScore(indices: indices[rank], meanSquaredErrors: errors[rank]))
      allUsage.merge(CodebookUsage(counts: counts[rank]))
    }
    return [
      EvaluationScore(name: "psnr", value: allScore.peakSignalToNoiseRatio ?? 0),
      EvaluationScore(name: "codes_used", value: Double(allUsage.usedCount)),
      EvaluationScore(name: "codes_used_share", value: allUsage.usedShare),
      EvaluationScore(name: "code_entropy_bits", value: allUsage.entropy),
    ]
  }

  func picture() throws -> (image: RGBImage, name: String)? {
    guard let dataset = data?.evaluation.dataset else { return nil }
    let originals = try (0..<min(32, dataset.sampleCount)).map {
      try dataset.image.evaluationImage(
        of: try dataset.sample(at: $0), size: configuration.model.imageSize)
    }
    let batch = Tensor(images: originals)
    let reconstructions = model.images(of: model.tokens(of: batch))
    let picture = ImageGrid().picture(
      originals: batch, besideReconstructions: reconstructions, pairCount: 4)
    return (picture, "reconstructions")
  }
}

/// The tokenizer's forward pass with its losses, shared by training and the benchmark.
enum TokenizerStep {
  /// Runs a lane of images.
  static func run(
    _ model: ResTok, _ images: Tensor, keepCounts: [Int]?, globalSampleCount: Int,
    reconstructionWeight: Float, on tape: Tape
  ) -> LaneResult {
    let output = model(
      images, keepCounts: keepCounts, globalSampleCount: globalSampleCount, on: tape)
    let elementCount = globalSampleCount * images.count / images.shape[0]
    let reconstruction = squaredError(
      output.reconstruction, Variable(constant: images, on: tape),
      scale: 1 / Float(elementCount))
    let loss = weightedSum([
      (reconstruction, reconstructionWeight), (output.commitmentLoss, 1),
      (output.codebookLoss, 1),
    ])
    let parts = [reconstruction, output.commitmentLoss, output.codebookLoss]
    return LaneResult(
      loss: loss, metrics: parts.map { Double($0.value.scalar) }, sampleCount: images.shape[0])
  }
}
