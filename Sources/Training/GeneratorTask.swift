import Autodiff
import Checkpoints
package import Configurations
package import DataParallel
import Datasets
import HierarchicalGenerator
package import ImageFiles
package import Inference
import Reporting
package import Tensors

/// Training of the generator: mean cross-entropy over all positions.
package final class GeneratorTask: TrainingTask {
  /// A lane of token sequences.
  package struct Lane {
    /// Codes, int32 `[samples, tokens]`.
    package let tokens: Tensor
    /// Class of each sample, or the one that stands for none.
    package let labels: [Int32]

    /// Gathers the samples.
    package init(tokens: Tensor, labels: [Int32]) {
      self.tokens = tokens
      self.labels = labels
    }
  }

  private let configuration: GeneratorRunConfiguration
  private let network: Network
  private let model: Generator
  /// The codes, on the coordinator.
  private let train: CodeLaneReader?
  private let evaluation: CodeLaneReader?
  private let plan: EpochPlan?
  /// Turns sampled codes into pictures: on the coordinator, and where scores are of images on all ranks.
  private let tokenizer: LoadedTokenizer?
  private let sampledScores: SampledImageScores

  /// Makes the model; opens the codes and the tokenizer that made them on the coordinator.
  package init(
    _ configuration: GeneratorRunConfiguration, isCoordinator: Bool,
    notice: Notice = { _ in }
  ) throws {
    self.configuration = configuration
    network = Network(
      name: RunKind.generator.rawValue, settings: Network.Settings(configuration.training))
    model = Generator(configuration.model, in: ParameterScope(network.arena))
    sampledScores = try SampledImageScores(configuration.training, isCoordinator: isCoordinator)
    let samplesImages = configuration.training.evaluation.generation.samplesImages
    let tokenizer =
      try isCoordinator || samplesImages
      ? LoadedTokenizer(
        ModelSource(path: configuration.tokenizer), part: .decoder, notice: notice) : nil
    self.tokenizer = tokenizer
    guard isCoordinator, let tokenizer else {
      (train, evaluation, plan) = (nil, nil, nil)
      return
    }
    func open(_ path: String) throws -> CodeLaneReader {
      let file = try CodesFile(path: path, tokenizerDigest: tokenizer.digest)
      for warning in file.warnings { notice(warning) }
      try Self.check(file.description, path, configuration.model)
      let size = tokenizer.model.configuration.imageSize
      return CodeLaneReader(
        file: file, recipe: try file.cropRecipe(size: size),
        seed: configuration.training.run.seed)
    }
    let train = try open(configuration.data.codes)
    evaluation = try configuration.data.evaluation.map(open)
    self.train = train
    let batch = configuration.training.batch
    plan = EpochPlan(
      sampleCount: train.file.sampleCount, laneCount: batch.laneCount,
      samplesPerLane: batch.sampleCountPerLane, seed: configuration.training.run.seed)
  }

  private static func check(
    _ codes: CodesDescription, _ path: String, _ model: Generator.Configuration
  ) throws {
    let pairs = [
      ("model.tokens", codes.tokenCount, model.tokenCount),
      ("model.vocabulary", codes.vocabularySize, model.vocabularySize),
      ("model.classes", codes.classCount, model.classCount),
    ]
    for (key, found, expected) in pairs where found != expected {
      throw CommandError.unfitData(
        "\(path): the codes have \(found) where \(key) is \(expected): set \(key)=\(found), or "
          + "encode with another tokenizer")
    }
  }

  package var phases: [TrainingPhase<Lane>] {
    [
      TrainingPhase(training: network) { [self] lane, place, tape in
        run(
          lane.tokens, labels: lane.labels,
          key: RandomKey(
            seed: configuration.training.run.seed, purpose: .dropout, step: place.step,
            index: place.lane),
          globalSampleCount: configuration.training.batch.sampleCount, on: tape)
      }
    ]
  }

  package func operationCount(inStep step: Int) -> Int { configuration.model.stepOperationCount }

  package var reader: SampleTransport.Reader {
    guard let train, let plan else { return { _, _ in [] } }
    return { step, lane in try train.training(plan, step: step, lane: lane) }
  }

  package func lane(from message: [UInt8], at place: LanePlace) throws -> Lane {
    let codes = try CodeLaneMessage(bytes: message)
    let key = RandomKey(
      seed: configuration.training.run.seed, purpose: .classDropout, step: place.step,
      index: place.lane)
    return Lane(tokens: codes.tokens, labels: model.droppedLabels(codes.labels, key: key))
  }

  /// The generator's forward pass with its loss; the metric is the share of tokens that are predicted
  /// right.
  private func run(
    _ tokens: Tensor, labels: [Int32], key: RandomKey?, globalSampleCount: Int, on tape: Tape
  ) -> LaneResult {
    let logits = model(
      tokens: tokens, labels: Tensor(labels, shape: [labels.count]), key: key, on: tape)
    let mean = 1 / Float(globalSampleCount * tokens.shape[1])
    let (loss, correctCount) = crossEntropy(logits, targets: tokens, scale: mean)
    return LaneResult(
      loss: loss, metrics: [Metric("accuracy", Double(correctCount) * Double(mean))],
      sampleCount: labels.count)
  }

  package func evaluate(_ session: TrainingSession) throws -> Evaluation {
    let generation = configuration.training.evaluation.generation
    var found = generation.metrics.contains(.loss) ? try lossAndAccuracy(session) : .nothing
    if generation.samplesImages, let tokenizer {
      let samples = try sampledScores.evaluate(model, tokenizer.model, session)
      found.scores += samples.scores
      found.facts += samples.facts
      found.remarks += samples.remarks
    }
    return found
  }

  private func lossAndAccuracy(_ session: TrainingSession) throws -> Evaluation {
    let evaluation = self.evaluation
    let sampleCount = evaluation?.file.sampleCount ?? 0
    var totals = [0.0, 0.0, 0.0]  // loss, correct tokens, samples
    try EvaluationPass(session: session, settings: configuration.training).run(
      sampleCount: sampleCount
    ) { plan, step, lane in
      try evaluation?.evaluation(plan, step: step, lane: lane) ?? []
    } body: { message in
      let codes = try CodeLaneMessage(bytes: message)
      guard !codes.labels.isEmpty else { return }
      let result = run(
        codes.tokens, labels: codes.labels, key: nil, globalSampleCount: codes.labels.count,
        on: network.arena.makeTape(isRecording: false))
      let count = Double(codes.labels.count)
      totals[0] += Double(result.loss.value.scalar) * count
      totals[1] += result.metrics[0].value * count
      totals[2] += count
    }
    try session.communicator.allReduceSum(&totals)
    guard totals[2] > 0 else { return .nothing }
    return Evaluation(scores: [
      Metric("evaluation_loss", totals[0] / totals[2]),
      Metric("evaluation_accuracy", totals[1] / totals[2]),
    ])
  }

  package var hasEvaluationData: Bool {
    evaluation != nil || configuration.training.evaluation.generation.samplesImages
  }

  package var startNotes: [String] { sampledScores.notes(configuration.training) }

  /// Samples depend on the tokenizer too.
  package var scoreFileDigests: [String: String] {
    guard configuration.training.evaluation.generation.samplesImages else { return [:] }
    var digests = sampledScores.files.digests
    digests["tokenizer"] = tokenizer?.digest
    return digests
  }

  package var dataDigests: [String: String] {
    var digests: [String: String] = [:]
    digests["codes"] = train?.file.digest
    digests["evaluation"] = evaluation?.file.digest
    return digests
  }

  package func picture() throws -> (image: RGBImage, name: String)? {
    guard let tokenizer else { return nil }
    let classes = Array(0..<min(10, configuration.model.classCount))
    let sampleCountPerClass = 8
    let tokens = try model.sample(
      SampleIdentity.list(labels: classes, count: sampleCountPerClass),
      guidance: Guidance(strength: 2), choice: TokenChoice(),
      key: RandomKey(seed: configuration.training.run.seed, purpose: .sampling))
    let images = try tokenizer.model.images(of: tokens)
    return (
      ImageGrid().picture(samples: images, sampleCountPerClass: sampleCountPerClass), "samples"
    )
  }
}
