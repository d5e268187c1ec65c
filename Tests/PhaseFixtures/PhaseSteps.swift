package import Checkpoints
import Configurations
import Foundation
package import MessagePassing
package import Training

/// Steps of `TwoNetworks`.
package struct PhaseSteps {
  package let task: TwoNetworks
  /// Steps that were done before.
  package let doneCount: Int
  private let runner: StepRunner<TwoNetworks>
  private let sampleCountPerLane: Int

  /// Makes the networks on the ranks of a communicator and fills them as a run does; the second is
  /// trained from step `start` on.
  ///
  /// `checkpoint` is where to go on, for rank 0.
  /// - Throws: The errors of the configuration, of files and of ranks.
  package init(
    laneCount: Int = 2, sampleCount: Int = 4, start: Int = 2,
    on communicator: Communicator = .single(), from checkpoint: Checkpoint? = nil
  ) throws {
    let configurations = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Configs/smoke/tokenizer.yaml")
    var settings = try TokenizerRunConfiguration(contentsOf: configurations.path).training
    settings.execution.digestInterval = 1
    settings.batch.laneCount = laneCount
    settings.batch.sampleCountPerLane = sampleCount / laneCount
    sampleCountPerLane = sampleCount / laneCount
    task = TwoNetworks(settings, start: start)
    doneCount = try TrainingStart(
      task.networks, settings: settings, communicator: communicator, logger: nil
    ).begin(from: checkpoint)
    runner = try StepRunner(task, settings: settings, communicator: communicator)
  }

  /// Runs steps on samples that depend on their place in the batch only.
  @discardableResult
  package func run(_ steps: Range<Int>, beforeChange: () -> Void = {}) throws -> [StepReport] {
    try steps.map { step in
      try runner.run(step: step, beforeChange: beforeChange) { lane in
        (0..<sampleCountPerLane).map { UInt8(lane * sampleCountPerLane + $0) }
      }
    }
  }

  /// Compares the replicas of all ranks, as a run does before it saves.
  package func requireAgreement(step: Int) throws {
    try runner.requireAgreement(on: digests, step: step)
  }

  /// Writes a checkpoint into a folder.
  package func checkpoint(in folder: String) throws -> Checkpoint {
    try CheckpointStore(root: folder).write(
      step: task.first.state.stepCount,
      description: CheckpointDescription(
        kind: .tokenizer, configurationDigest: "", replicaDigest: "", pins: [:]),
      networks: task.networks.filter(\.isAllocated).map(\.arrays))
  }

  /// The digests of both networks.
  package var digests: ReplicaDigests { ReplicaDigests(of: task.networks) }
}
