import ArrayFiles
import Autodiff
public import Configurations
import DataParallel
import Foundation
public import HierarchicalGenerator
import Inference
import Kernels
import Reporting
import ResidualTokenizer
import Tensors

/// Times sampling with a configuration's generator in several orders, with random weights.
///
/// The orders are those of one network: hierarchical in a few steps, sequential in one step a token.
/// They take turns, so that a busy machine slows all of them alike; the median counts.
public struct SamplingBenchmark {
  private let configuration: GeneratorRunConfiguration
  private let tokenizerConfiguration: TokenizerRunConfiguration?
  private let name: String
  private let batchSize: Int
  private let precision: Precision
  private let orders: [Generator.Configuration.Order]
  private let guidanceStrength: Double
  private let repetitionCount: Int

  /// Reads the configurations.
  ///
  /// - Parameters:
  ///   - configurationPath: The generator's YAML file.
  ///   - tokenizerConfigurationPath: The tokenizer's, whose decoder is timed too; nil without.
  ///   - batchSize: Images that are sampled at a time, at least 1.
  ///   - precision: The operands of products.
  ///   - orders: The orders, each once.
  ///   - guidanceStrength: Scale of classifier-free guidance; 1 is none.
  ///   - repetitionCount: Repetitions that are timed, after a warm-up of each order.
  /// - Throws: `ConfigurationError`; `CommandError.unfitData` for a tokenizer of other tokens.
  public init(
    configurationPath: String, tokenizerConfigurationPath: String?, batchSize: Int,
    precision: Precision = .float32, orders: [Generator.Configuration.Order],
    guidanceStrength: Double, repetitionCount: Int
  ) throws {
    configuration = try GeneratorRunConfiguration(contentsOf: configurationPath)
    tokenizerConfiguration = try tokenizerConfigurationPath.map {
      try TokenizerRunConfiguration(contentsOf: $0)
    }
    name = SystemPath.stem(of: configurationPath)
    self.batchSize = batchSize
    self.precision = precision
    self.orders = orders
    self.guidanceStrength = guidanceStrength
    self.repetitionCount = repetitionCount
    guard let codes = tokenizerConfiguration?.model, let path = tokenizerConfigurationPath else {
      return
    }
    let sizes = configuration.model
    guard codes.latents.count == sizes.tokenCount, codes.codebook.size == sizes.vocabularySize
    else {
      throw CommandError.unfitData(
        "\(path) has \(codes.latents.count) tokens of \(codes.codebook.size) codes, "
          + "\(configurationPath) predicts \(sizes.tokenCount) of \(sizes.vocabularySize): name "
          + "configurations that belong together")
    }
  }

  /// Samples and decodes.
  ///
  /// - Throws: `NotFiniteLogits`, which random weights do not bring about.
  public func run() throws -> SamplingReport {
    RankThreads.setAutomatic()
    let models = orders.map { RandomGenerator(configuration.model, $0, precision) }
    var times = [[Double]](repeating: [], count: models.count)
    var tokens = Tensor([Int32](), shape: [0, configuration.model.tokenCount])
    for repetition in 0...repetitionCount {
      for (index, model) in models.enumerated() {
        let start = ContinuousClock.now
        tokens = try sample(model)
        // The first one warms up.
        if repetition > 0 { times[index].append((ContinuousClock.now - start).inSeconds) }
      }
    }
    let timings = zip(models, times).map { model, times in
      SamplingReport.OrderTiming(
        order: model.order.rawValue, stepCount: model.generator.order.steps.count,
        secondsPerImage: median(times) / Double(batchSize))
    }
    return SamplingReport(
      size: name, precision: precision.rawValue, batchCount: batchSize,
      tokenCount: configuration.model.tokenCount,
      guidance: guidanceStrength, threadCount: threadCount,
      weightCount: models.first?.arena.elementCount ?? 0, orders: timings,
      decoderSecondsPerImage: try decoderSeconds(tokens), peakMemoryGibibytes: PeakMemory.gibibytes)
  }

  private func sample(_ model: RandomGenerator) throws -> Tensor {
    let classCount = configuration.model.classCount
    return try model.generator.sample(
      (0..<batchSize).map { SampleIdentity(label: Int32($0 % classCount), ordinal: $0) },
      guidance: Guidance(strength: guidanceStrength), choice: TokenChoice(),
      key: RandomKey(seed: 0, purpose: .sampling))
  }

  /// Seconds an image of the tokenizer's decoder; nil without a tokenizer.
  private func decoderSeconds(_ tokens: Tensor) throws -> Double? {
    guard let tokenizerConfiguration else { return nil }
    let arena = ParameterArena(frozenForOperandsOf: precision.operandType)
    let model = ResTok(tokenizerConfiguration.model, part: .decoder, in: ParameterScope(arena))
    arena.allocateFrozen(
      convolutions: tokenizerConfiguration.training.execution.convolutions)
    arena.initialize(seed: 0)
    let times = try (0...repetitionCount).map { _ in
      let start = ContinuousClock.now
      _ = try model.images(of: tokens)
      return (ContinuousClock.now - start).inSeconds
    }
    return median(Array(times.dropFirst())) / Double(batchSize)
  }
}

/// A generator with the weights of a new model, kept as `restok sample` keeps them.
private struct RandomGenerator {
  let order: Generator.Configuration.Order
  let generator: Generator
  let arena: ParameterArena

  init(
    _ sizes: Generator.Configuration, _ order: Generator.Configuration.Order,
    _ precision: Precision
  ) {
    var sizes = sizes
    sizes.order = order
    self.order = order
    arena = ParameterArena(frozenForOperandsOf: precision.operandType)
    generator = Generator(sizes, in: ParameterScope(arena))
    arena.allocateFrozen()
    arena.initialize(seed: 0)
  }
}
