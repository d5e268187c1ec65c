import Checkpoints
import Configurations
import DataParallel
import Datasets
import Inference
package import MessagePassing
import Tensors
package import Training

/// A configuration's training on made-up samples, for benchmarks: the steps of a run, without its data,
/// log and checkpoints.
///
/// Every rank runs one lane, on the same samples in each step.
package final class RehearsedTraining {
  /// The networks that are trained.
  package let networks: [Network]
  private let runStep: (_ step: Int, _ beforeChange: () throws -> Void) throws -> StepReport

  /// Makes the networks with random weights.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: `MessagePassingError`; `ConfigurationError` when batch and losses do not suit each other.
  package init(_ rehearsal: Rehearsal, _ communicator: Communicator) throws {
    switch try rehearsal.configuration(worldSize: communicator.worldSize) {
    case .tokenizer(let configuration):
      let task = try TokenizerTask(
        configuration, isCoordinator: false,
        networks: try RecipeNetworks(randomFrom: 0, for: configuration))
      let message = Self.images(
        count: rehearsal.batchSize, size: configuration.model.imageSize)
      networks = task.networks
      runStep = try Self.steps(task, configuration.training, communicator, message.bytes)
    case .generator(let configuration):
      let task = try GeneratorTask(configuration, isCoordinator: false)
      let model = configuration.model
      let message = Self.codes(
        count: rehearsal.batchSize, tokenCount: model.tokenCount,
        vocabularySize: model.vocabularySize, classCount: model.classCount)
      networks = task.networks
      runStep = try Self.steps(task, configuration.training, communicator, message.bytes)
    }
  }

  /// Weights of all networks.
  var weightCount: Int { networks.reduce(0) { $0 + $1.arena.elementCount } }

  /// What a checkpoint holds of the networks.
  var arrays: [NetworkArrays] { networks.map(\.arrays) }

  /// Runs a step.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - index: The number of the step, which names its random numbers.
  ///   - beforeChange: Called before anything but the gradients changes.
  /// - Returns: What the step did.
  /// - Throws: `MessagePassingError`, `TrainingError.notFinite`.
  @discardableResult
  package func step(_ index: Int, beforeChange: () throws -> Void = {}) throws -> StepReport {
    try runStep(index, beforeChange)
  }

  /// The steps of a task whose networks get their first weights here.
  private static func steps<Task: TrainingTask>(
    _ task: Task, _ settings: TrainingSettings, _ communicator: Communicator, _ message: [UInt8]
  ) throws -> (_ step: Int, _ beforeChange: () throws -> Void) throws -> StepReport {
    for network in task.networks {
      network.allocate(
        operandType: settings.precision.operandType,
        convolutions: settings.execution.convolutions)
      network.initialize(seed: settings.run.seed)
    }
    let runner = try StepRunner(task, settings: settings, communicator: communicator)
    return { step, beforeChange in
      try runner.run(step: step, beforeChange: beforeChange) { _ in message }
    }
  }

  /// A lane of noise.
  private static func images(count: Int, size: Int) -> ImageLaneMessage {
    var stream = RandomStream(RandomKey(seed: 0, purpose: .test))
    let items = (0..<count).map { index in
      ImageLaneMessage.Item(
        sample: Sample(
          bytes: (0..<size * size * 3).map { _ in UInt8(stream.integer(below: 256)) },
          label: 0, key: "made up", file: "none", index: index),
        ordinal: index)
    }
    return ImageLaneMessage(image: .rgb8(height: size, width: size), items: items)
  }

  /// A lane of random codes.
  private static func codes(
    count: Int, tokenCount: Int, vocabularySize: Int, classCount: Int
  ) -> CodeLaneMessage {
    var stream = RandomStream(RandomKey(seed: 0, purpose: .test))
    return CodeLaneMessage(
      labels: (0..<count).map { _ in Int32(stream.integer(below: classCount)) },
      codes: (0..<count * tokenCount).map { _ in UInt16(stream.integer(below: vocabularySize)) })
  }
}
