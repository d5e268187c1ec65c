import Autodiff
public import Configurations
import DataParallel
import Foundation
import HierarchicalGenerator
import Kernels
public import MessagePassing
import Optimizers
import ResidualTokenizer
import Tensors

/// Times the training step of a configuration on made-up samples (performance.md, section 4).
public struct StepBenchmark {
  private let configuration: AnyRunConfiguration
  private let name: String
  private let batchSize: Int
  private let stepCount: Int
  private let warmupCount: Int
  private let precision: Precision

  /// Reads the configuration.
  ///
  /// - Parameters:
  ///   - configurationPath: The YAML file.
  ///   - overrides: `key.path=value` pairs that replace values of the file.
  ///   - batchSize: Samples of a rank's step; those of the configuration's step when nil.
  ///   - stepCount: Steps that are timed.
  ///   - warmupCount: Steps before them that are not.
  ///   - precision: Element type of products; the configuration's when nil.
  /// - Throws: `ConfigurationError`.
  public init(
    configurationPath: String, overrides: [String], batchSize: Int?, stepCount: Int,
    warmupCount: Int,
    precision: Precision?
  ) throws {
    configuration = try AnyRunConfiguration(contentsOf: configurationPath, overrides: overrides)
    name = URL(fileURLWithPath: configurationPath).deletingPathExtension().lastPathComponent
    self.batchSize = batchSize ?? configuration.training.batch.sampleCount
    self.stepCount = stepCount
    self.warmupCount = warmupCount
    self.precision = precision ?? configuration.training.precision
  }

  /// Runs the steps.
  ///
  /// Collective: every rank.
  ///
  /// - Returns: The figures; times are those of this rank.
  /// - Throws: `MessagePassingError`.
  public func run(_ communicator: Communicator) throws -> CommandReport {
    RankThreads.setAutomatic()
    let arena = ParameterArena()
    let lane = lane(arena)
    arena.allocate(forTraining: true, operandType: precision.operandType)
    arena.initialize(seed: 0)
    var state = OptimizerState(for: arena)
    let settings = configuration.training
    let optimizer = AdamW(settings.adamW, for: arena)
    let exchange = try GradientExchange(
      arena: arena, communicator: communicator,
      bucketByteCount: settings.execution.bucketByteCount, wire: settings.execution.wire.format)
    let gradients = arena.gradients
    let recomputesBlocks = settings.execution.recomputation == .blocks
    var times: [Double] = []
    var exposedTimes: [Double] = []
    for step in 0..<warmupCount + stepCount {
      let start = ContinuousClock.now
      let exposedBefore = exchange.exposedTime
      let tape = arena.makeTape(isRecording: true, recomputesBlocks: recomputesBlocks)
      let result = lane(tape, step)
      _ = try exchange.backward(from: result.loss, on: tape, into: arena)
      let norm = squaredNorm(of: gradients).squareRoot()
      optimizer.step(
        arena, state: &state, rate: 1e-4,
        gradientFactor: settings.adamW.clipFactor(gradientNorm: norm))
      try communicator.barrier()
      guard step >= warmupCount else { continue }
      times.append((ContinuousClock.now - start).inSeconds)
      exposedTimes.append((exchange.exposedTime - exposedBefore).inSeconds)
    }
    return report(arena, communicator, times.sorted(), exposedTimes.sorted())
  }

  /// One lane's forward pass on made-up samples.
  private func lane(_ arena: ParameterArena) -> (Tape, _ step: Int) -> LaneResult {
    let count = batchSize
    let key = RandomKey(seed: 0, purpose: .test)
    switch configuration {
    case .tokenizer(let configuration):
      let model = ResTok(configuration.model, in: ParameterScope(arena))
      let size = configuration.model.imageSize
      let images = Tensor.uniform([count, size, size, 3], key: key)
      let keepCounts = [Int](repeating: configuration.model.latents.count, count: count)
      return { tape, _ in
        TokenizerStep.run(
          model, images, keepCounts: keepCounts, globalSampleCount: count,
          reconstructionWeight: 1, on: tape)
      }
    case .generator(let configuration):
      let model = Generator(configuration.model, in: ParameterScope(arena))
      var stream = RandomStream(key)
      let sizes = configuration.model
      let tokens = Tensor(
        (0..<count * sizes.tokenCount).map { _ in
          Int32(stream.integer(below: sizes.vocabularySize))
        }, shape: [count, sizes.tokenCount])
      let labels = (0..<count).map { _ in Int32(stream.integer(below: sizes.classCount)) }
      return { tape, step in
        GeneratorStep.run(
          model, tokens,
          labels: model.droppedLabels(
            labels, key: RandomKey(seed: 0, purpose: .classDropout, step: step)),
          key: RandomKey(seed: 0, purpose: .dropout, step: step), globalSampleCount: count,
          on: tape)
      }
    }
  }

  /// The figures, from the steps' times and their exposed parts, each in ascending order.
  private func report(
    _ arena: ParameterArena, _ communicator: Communicator, _ times: [Double],
    _ exposedTimes: [Double]
  ) -> CommandReport {
    let seconds = times[times.count / 2]
    let exposedSeconds = exposedTimes[times.count / 2]
    let rate = Double(batchSize * communicator.worldSize) / seconds
    let parameters = Double(arena.elementCount) / 1e6
    let memory = PeakMemory.gibibytes
    return CommandReport(
      String(
        format: "%@: %.4f s a step, %.3f samples/s (batch %ld, %ld rank(s) x %ld thread(s), "
          + "%@, %.2f M weights, peak %.2f GiB, exposed exchange %.1f %%)", name, seconds, rate,
        batchSize, communicator.worldSize, threadCount, precision.rawValue, parameters, memory,
        100 * exposedSeconds / seconds),
      [
        ("size", .text(name)), ("dtype", .text(precision == .bfloat16 ? "bf16" : "fp32")),
        ("ranks", .integer(communicator.worldSize)), ("threads", .integer(threadCount)),
        ("batch", .integer(batchSize)), ("params_M", .number(parameters)),
        ("step_s", .number(seconds)), ("step_min_s", .number(times[0])),
        ("samples_per_s", .number(rate)),
        ("exchange_exposed_s", .number(exposedSeconds)), ("peak_rss_GiB", .number(memory)),
      ])
  }
}

/// The largest resident set of this process.
enum PeakMemory {
  static var gibibytes: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / Double(1 << 20)
  }
}
