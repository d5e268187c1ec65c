import Autodiff
import Configurations
import DataParallel
import HierarchicalGenerator
import MessagePassing
import Optimizers
import ResidualTokenizer
import Tensors

/// A configuration's model in training on made-up samples, for benchmarks.
///
/// No data are read. A step is forward, backward, the sum over ranks, clipping, AdamW and the moving
/// average.
final class RehearsedTraining {
  /// The model's arrays.
  let arena = ParameterArena()
  /// What the optimizer remembers.
  private(set) var state: OptimizerState
  /// The sum over ranks.
  let exchange: GradientExchange
  private let communicator: Communicator
  private let settings: TrainingSettings
  private let optimizer: AdamW
  private let lane: (Tape, _ step: Int) -> LaneResult

  /// Makes the model with random weights.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: `MessagePassingError`.
  init(_ rehearsal: Rehearsal, _ communicator: Communicator) throws {
    self.communicator = communicator
    settings = rehearsal.configuration.training
    lane = Self.lane(rehearsal.configuration, batchSize: rehearsal.batchSize, arena)
    arena.allocate(forTraining: true, operandType: rehearsal.precision.operandType)
    arena.initialize(seed: 0)
    state = OptimizerState(for: arena)
    optimizer = AdamW(settings.adamW, for: arena)
    exchange = try GradientExchange(
      arena: arena, communicator: communicator,
      bucketByteCount: settings.execution.bucketByteCount, wire: settings.execution.wire.format)
  }

  /// Runs a step.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - index: The number of the step, which names its random numbers.
  ///   - beforeUpdate: Called before anything but the gradients changes.
  /// - Throws: `MessagePassingError`.
  func step(_ index: Int, beforeUpdate: () -> Void = {}) throws {
    let tape = arena.makeTape(
      isRecording: true, recomputesBlocks: settings.execution.recomputation == .blocks)
    let result = lane(tape, index)
    _ = try exchange.backward(from: result.loss, on: tape, into: arena)
    let norm = squaredNorm(of: arena.gradients).squareRoot()
    beforeUpdate()
    optimizer.step(
      arena, state: &state, rate: 1e-4,
      gradientFactor: settings.adamW.clipFactor(gradientNorm: norm))
    try communicator.barrier()
  }

  /// One lane's forward pass on made-up samples.
  private static func lane(
    _ configuration: AnyRunConfiguration, batchSize count: Int, _ arena: ParameterArena
  ) -> (Tape, _ step: Int) -> LaneResult {
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
}
