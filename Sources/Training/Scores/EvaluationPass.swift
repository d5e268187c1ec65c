import Configurations
import DataParallel
import Datasets
import Evaluation
import MessagePassing

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
    try walk(sampleCount: sampleCount, read: read) { transport, step, lane in
      if let lane { try body(try transport.next(step: step, lane: lane)) }
    }
  }

  /// Reads every sample once, and collects what is found out about the lanes in their order.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - sampleCount: Samples of the set, known to the coordinator.
  ///   - read: Reads one lane; on the coordinator only.
  ///   - measure: Looks at the message of one lane of this rank.
  ///   - collect: Takes what was found out about a lane, on every rank, in the order of the samples.
  /// - Throws: The errors of reading, of the two closures and of the ranks.
  func run(
    sampleCount: Int,
    read: @escaping @Sendable (EvaluationPlan, _ step: Int, _ lane: Int) throws -> [UInt8],
    measure: ([UInt8]) throws -> BatchFigures, collect: (BatchFigures) throws -> Void
  ) throws {
    // By rank, and for each rank by lane.
    var found: [[BatchFigures]] = []
    try walk(sampleCount: sampleCount, read: read) { transport, step, lane in
      if let lane {
        let figures = try measure(try transport.next(step: step, lane: lane))
        let all = try figures.gathered(session.communicator)
        if found.isEmpty { found = all.map { _ in [] } }
        for (rank, figures) in all.enumerated() { found[rank].append(figures) }
      } else {
        // A rank's lanes follow one another.
        for figures in found.joined() { try collect(figures) }
        found = []
      }
    }
  }

  /// Goes through the lanes of this rank: `body` takes each lane of a step, then nil.
  private func walk(
    sampleCount: Int,
    read: @escaping @Sendable (EvaluationPlan, _ step: Int, _ lane: Int) throws -> [UInt8],
    body: (SampleTransport, _ step: Int, _ lane: Int?) throws -> Void
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
      for lane in lanes.lanes(of: communicator.rank) { try body(transport, step, lane) }
      try body(transport, step, nil)
    }
    try transport.stop()
  }
}
