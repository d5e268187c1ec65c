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

  /// Goes on from the arrays of other steps, as a run does from a checkpoint.
  package func restore(_ other: PhaseSteps) {
    for (target, source) in zip(task.networks, other.task.networks) where source.isAllocated {
      if !target.isAllocated { target.allocate(operandType: .float32) }
      for kind in source.arrays.kinds {
        if let from = source.arrays[kind], let into = target.arrays[kind] {
          into.buffer.copy(from: from.buffer)
        }
      }
      target.resume(afterSteps: source.state.stepCount)
    }
  }

  /// The digests of both networks.
  package var digests: ReplicaDigests { ReplicaDigests(of: task.networks) }
}
