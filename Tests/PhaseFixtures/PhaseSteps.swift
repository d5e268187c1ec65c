import Checkpoints
import Configurations
import Foundation
package import MessagePassing
package import Training

/// Steps of `TwoNetworks`.
package struct PhaseSteps {
  package let task: TwoNetworks
  private let runner: StepRunner<TwoNetworks>
  private let sampleCountPerLane: Int

  /// Makes the networks on the ranks of a communicator; the second is trained from step `start` on.
  package init(
    laneCount: Int = 2, sampleCount: Int = 4, start: Int = 2,
    on communicator: Communicator = .single()
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
    task.first.allocate(operandType: .float32)
    task.first.initialize(seed: 1)
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

  /// Goes on from a checkpoint of other steps in a folder.
  package func restore(_ other: PhaseSteps, through folder: String) throws {
    let trained = other.task.networks.filter(\.isAllocated)
    let checkpoint = try CheckpointStore(root: folder).write(
      step: other.task.first.state.stepCount,
      description: CheckpointDescription(
        kind: .tokenizer, configurationDigest: "", replicaDigest: "", pins: [:]),
      networks: trained.map(\.arrays))
    for record in checkpoint.manifest.networks {
      for network in task.networks where network.name == record.name {
        if !network.isAllocated { network.allocate(operandType: .float32) }
        try checkpoint.read(into: network.arrays)
        network.resume(afterSteps: record.stepCount)
      }
    }
  }

  /// The digests of both networks.
  package var digests: ReplicaDigests { ReplicaDigests(of: task.networks) }
}
