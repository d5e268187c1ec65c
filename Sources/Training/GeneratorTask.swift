import Autodiff
import Configurations
import DataParallel
import Datasets
import HierarchicalGenerator
import ImageFiles
import Tensors

/// Training of the generator: mean cross-entropy over all positions.
final class GeneratorTask: TrainingTask {
  let arena = ParameterArena()
  let metricNames = ["accuracy"]

  private let configuration: GeneratorRunConfiguration
  private let model: Generator
  /// The codes, on the coordinator.
  private let train: CodeLaneReader?
  private let evaluation: CodeLaneReader?
  private let plan: EpochPlan?
  /// Turns sampled codes into pictures, on the coordinator.
  private let tokenizer: LoadedTokenizer?

  /// Makes the model; opens the codes and the tokenizer that made them on the coordinator.
  init(_ configuration: GeneratorRunConfiguration, isCoordinator: Bool) throws {
    self.configuration = configuration
    model = Generator(configuration.model, in: ParameterScope(arena))
    guard isCoordinator else {
      (train, evaluation, plan, tokenizer) = (nil, nil, nil, nil)
      return
    }
    let tokenizer = try LoadedTokenizer(.init(path: configuration.tokenizer))
    let open = { (path: String) in
      let file = try CodesFile(path: path, tokenizerDigest: tokenizer.digest)
      try Self.check(file.description, path, configuration.model)
      let size = tokenizer.model.configuration.imageSize
      return CodeLaneReader(
        file: file, recipe: try file.cropRecipe(size: size),
        seed: configuration.training.run.seed)
    }
    let train = try open(configuration.data.codes)
    evaluation = try configuration.data.evaluation.map(open)
    self.train = train
    self.tokenizer = tokenizer
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
      throw TrainingError.unfitData(
        "\(path): the codes have \(found) where \(key) is \(expected): set \(key)=\(found), or "
          + "encode with another tokenizer")
    }
  }

  var stepOperationCount: Int { configuration.model.stepOperationCount }

  var reader: SampleTransport.Reader {
    guard let train, let plan else { return { _, _ in [] } }
    return { step, lane in try train.training(plan, step: step, lane: lane) }
  }

  func run(_ message: [UInt8], step: Int, lane: Int, on tape: Tape) throws -> LaneResult {
    let seed = configuration.training.run.seed
    let codes = CodeLaneMessage(bytes: message)
    let labels = model.droppedLabels(
      codes.labels, key: RandomKey(seed: seed, purpose: .classDropout, step: step, index: lane))
    return GeneratorStep.run(
      model, codes.tokens, labels: labels,
      key: RandomKey(seed: seed, purpose: .dropout, step: step, index: lane),
      globalSampleCount: configuration.training.batch.sampleCount, on: tape)
  }

  func evaluate(_ session: TrainingSession) throws -> [EvaluationScore] {
    let evaluation = self.evaluation
    let sampleCount = evaluation?.file.sampleCount ?? 0
    var totals = [0.0, 0.0, 0.0]  // loss, correct tokens, samples
    try EvaluationPass(session: session, batch: configuration.training.batch).run(
      sampleCount: sampleCount
    ) { plan, step, lane in
      try evaluation?.evaluation(plan, step: step, lane: lane) ?? []
    } body: { message in
      let codes = CodeLaneMessage(bytes: message)
      guard !codes.labels.isEmpty else { return }
      let result = GeneratorStep.run(
        model, codes.tokens, labels: codes.labels, key: nil,
        globalSampleCount: codes.labels.count, on: arena.makeTape(isRecording: false))
      let count = Double(codes.labels.count)
      totals[0] += Double(result.loss.value.scalar) * count
      totals[1] += result.metrics[0] * count
      totals[2] += count
    }
    try session.communicator.allReduceSum(&totals)
    guard totals[2] > 0 else { return [] }
    return [
      EvaluationScore(name: "evaluation_loss", value: totals[0] / totals[2]),
      EvaluationScore(name: "evaluation_accuracy", value: totals[1] / totals[2]),
    ]
  }

  func picture() throws -> (image: RGBImage, name: String)? {
    guard let tokenizer else { return nil }
    let classes = Array(0..<min(10, configuration.model.classCount))
    let sampleCountPerClass = 8
    let labels = classes.flatMap { label in
      [Int32](repeating: Int32(label), count: sampleCountPerClass)
    }
    let tokens = try model.sample(
      labels: labels, samples: Array(labels.indices), guidance: Guidance(strength: 2),
      choice: TokenChoice(),
      key: RandomKey(seed: configuration.training.run.seed, purpose: .sampling))
    let images = tokenizer.model.images(of: tokens)
    return (
      ImageGrid().picture(samples: images, sampleCountPerClass: sampleCountPerClass), "samples"
    )
  }
}

/// The generator's forward pass with its loss, shared by training, evaluation and the benchmark.
enum GeneratorStep {
  /// Runs a lane of tokens; the metric is the share of tokens that are predicted right.
  static func run(
    _ model: Generator, _ tokens: Tensor, labels: [Int32], key: RandomKey?,
    globalSampleCount: Int, on tape: Tape
  ) -> LaneResult {
    let logits = model(
      tokens: tokens, labels: Tensor(labels, shape: [labels.count]), key: key, on: tape)
    let mean = 1 / Float(globalSampleCount * tokens.shape[1])
    let (loss, correctCount) = crossEntropy(logits, targets: tokens, scale: mean)
    return LaneResult(
      loss: loss, metrics: [Double(correctCount) * Double(mean)], sampleCount: labels.count)
  }
}
