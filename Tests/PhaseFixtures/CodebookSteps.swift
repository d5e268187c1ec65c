package import Checkpoints
import Configurations
import Foundation
package import MessagePassing
import TestSupport
package import Training

/// Steps of the tokenizer of `Configs/smoke/tokenizer.yaml`, smaller still, on made-up images.
package struct CodebookSteps {
  package let task: TokenizerTask
  /// Steps that were done before.
  package let doneCount: Int
  private let runner: StepRunner<MadeUpImages>

  /// Makes the tokenizer on the ranks of a communicator and fills it as a run does.
  ///
  /// `settings` are overrides of the configuration; `checkpoint` is where to go on, for rank 0.
  /// - Throws: The errors of the configuration, of files and of ranks.
  package init(
    _ settings: [String] = [], on communicator: Communicator = .single(),
    from checkpoint: Checkpoint? = nil
  ) throws {
    let path = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Configs/smoke/tokenizer.yaml").path
    let configuration = try TokenizerRunConfiguration(
      contentsOf: path,
      overrides: [
        "batch={lanes: 4, per_lane: 2}", "schedule={kind: constant}", "optimizer.rate=0.01",
        "digest_every=1", "model.image_size=8",
        "model.cnn={width: 4, multipliers: [1, 1], blocks: 1, groups: 4, features: 8}",
        "model.encoder={width: 16, layers: 2, heads: 2}",
        "model.decoder={width: 16, layers: 2, heads: 2}",
      ] + settings)
    task = try TokenizerTask(configuration, isCoordinator: false)
    doneCount = try TrainingStart(
      task.networks, settings: configuration.training, communicator: communicator, logger: nil
    ).begin(from: checkpoint)
    runner = try StepRunner(
      MadeUpImages(task, configuration), settings: configuration.training,
      communicator: communicator)
  }

  /// Runs steps on samples that depend on their place in the batch only.
  @discardableResult
  package func run(_ steps: Range<Int>) throws -> [StepReport] {
    try steps.map { step in try runner.run(step: step) { _ in [] } }
  }

  /// Writes a checkpoint into a folder.
  package func checkpoint(in folder: String) throws -> Checkpoint {
    try CheckpointStore(root: folder).write(
      step: task.mainNetwork.state.stepCount,
      description: CheckpointDescription(
        kind: .tokenizer, configurationDigest: "", replicaDigest: "", pins: [:]),
      networks: task.networks.map(\.arrays))
  }

  /// The digests of the tokenizer.
  package var digests: ReplicaDigests { ReplicaDigests(of: task.networks) }
}
