import Configurations
import DataParallel
import Datasets

/// One pass over a held-out set, shared out among the ranks by lanes.
struct EvaluationPass {
  let session: TrainingSession
  let settings: TrainingSettings

  /// Reads and scores every sample once.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - sampleCount: Samples of the set, known to the coordinator.
  ///   - read: Reads one lane; on the coordinator only.
  ///   - body: Scores the message of one lane of this rank.
  /// - Throws: The errors of reading, of `body` and of the ranks.
  func run(
    sampleCount: Int,
    read: @escaping @Sendable (EvaluationPlan, _ step: Int, _ lane: Int) throws -> [UInt8],
    body: ([UInt8]) throws -> Void
  ) throws {
    let communicator = session.communicator
    let count = try communicator.broadcast([Int64(sampleCount)], root: 0)[0]
    guard count > 0 else { return }
    let batch = settings.batch
    let plan = EvaluationPlan(
      sampleCount: Int(count), laneCount: batch.laneCount,
      samplesPerLane: batch.sampleCountPerLane)
    let lanes = try LanePlan(laneCount: batch.laneCount, worldSize: communicator.worldSize)
    let transport = try SampleTransport(
      plan: lanes, communicator: communicator, steps: 0..<plan.stepCount,
      deadline: .seconds(settings.execution.deadlines.data)
    ) { step, lane in try read(plan, step, lane) }
    for step in 0..<plan.stepCount {
      for lane in lanes.lanes(of: communicator.rank) {
        try body(try transport.next(step: step, lane: lane))
      }
    }
    try transport.stop()
  }
}
