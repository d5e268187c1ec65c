import DataParallel
import MessagePassing

private func report(_ lane: Int) -> LaneReport {
  LaneReport(
    lossSum: 0.1 * Double(lane + 1), sampleCount: Double(lane % 3),
    metrics: [Metric("large", 1e17), Metric("lane", Double(lane))],
    tokens: (0..<3).map { UInt16(3 * lane + $0) })
}

/// The agreement about a step, and what happens when replicas differ.
func checkStepConsensus(_ checks: RankCheckList) throws {
  try checks.check("step consensus") { ranks in
    let plan = try LanePlan(laneCount: 12, worldSize: ranks.worldSize)
    let control = StepConsensus(plan: plan, communicator: ranks)
    let lanes = plan.lanes(of: ranks.rank).map(report)
    let last = ranks.worldSize - 1
    let calm = try control.agree(
      step: 5, lanes: lanes, isFinite: true, isStopRequested: false, digest: 0xFFFF_FFFF_FFFF)
    // In lane order whatever the number of ranks: the bits must not depend on it.
    let lossSum = (0..<12).reduce(0.0) { $0 + report($1).lossSum }
    try require(calm.lossSum == lossSum, "loss \(calm.lossSum), expected \(lossSum)")
    try require(calm.sampleCount == 12, "samples \(calm.sampleCount)")
    try require(
      calm.metrics == [Metric("large", 12e17), Metric("lane", 66)], "metrics \(calm.metrics)")
    try require(calm.tokens == (0..<36).map { UInt16($0) }, "tokens \(calm.tokens)")
    try require(calm.isFinite && !calm.isStopRequested && calm.step == 5, "flags of \(calm)")
    let alarmed = try control.agree(
      step: 6, lanes: lanes, isFinite: ranks.rank != last, isStopRequested: ranks.rank == 0)
    try require(!alarmed.isFinite && alarmed.isStopRequested, "flags of \(alarmed)")
    var bad = lanes
    if ranks.rank == last { bad[0].lossSum = .infinity }
    let infinite = try control.agree(
      step: 7, lanes: bad, isFinite: true, isStopRequested: false)
    try require(!infinite.isFinite, "an infinite loss passed as finite")
  }
  try checkDivergence(checks)
}

private func checkDivergence(_ checks: RankCheckList) throws {
  try checks.check("divergence names the rank") { ranks in
    guard ranks.worldSize > 1 else { return }
    let plan = try LanePlan(laneCount: ranks.worldSize, worldSize: ranks.worldSize)
    let control = StepConsensus(plan: plan, communicator: ranks)
    do {
      _ = try control.agree(
        step: 9, lanes: [LaneReport(lossSum: 1, sampleCount: 1)], isFinite: true,
        isStopRequested: false, digest: ranks.rank == 1 ? 0xBAD : 0x600D)
      throw CheckFailure("different digests passed")
    } catch let divergence as ReplicaDivergence {
      // Of two ranks neither can be called the wrong one.
      let expected = ranks.worldSize == 2 ? [] : [1]
      try require(divergence.divergedRanks == expected, "named \(divergence.divergedRanks)")
      let text = divergence.description
      try require(text.contains("0xbad on rank 1 (host \(ranks.hostNames[1]))"), text)
    }
  }
  try checks.check("ranks with different metrics are named") { ranks in
    guard ranks.worldSize > 1 else { return }
    let plan = try LanePlan(laneCount: ranks.worldSize, worldSize: ranks.worldSize)
    let metric = Metric(ranks.rank == 0 ? "this" : "that", 1)
    do {
      _ = try StepConsensus(plan: plan, communicator: ranks).agree(
        step: 3, lanes: [LaneReport(lossSum: 1, sampleCount: 1, metrics: [metric])],
        isFinite: true, isStopRequested: false)
      throw CheckFailure("different metrics passed")
    } catch let divergence as ReplicaDivergence {
      try require(divergence.quantity == .metricNames, "\(divergence)")
    }
  }
  try checks.check("ranks in different steps are named") { ranks in
    guard ranks.worldSize > 1 else { return }
    let plan = try LanePlan(laneCount: ranks.worldSize, worldSize: ranks.worldSize)
    let control = StepConsensus(plan: plan, communicator: ranks)
    do {
      _ = try control.agree(
        step: ranks.rank == 0 ? 3 : 4, lanes: [LaneReport(lossSum: 1, sampleCount: 1)],
        isFinite: true, isStopRequested: false)
      throw CheckFailure("different steps passed")
    } catch let divergence as ReplicaDivergence {
      try require(divergence.quantity == .step, "\(divergence)")
    }
  }
}

/// Rank 1 holds another replica; must fail on all ranks.
func reportDifferentDigests(_ ranks: Communicator) throws {
  let plan = try LanePlan(laneCount: ranks.worldSize, worldSize: ranks.worldSize)
  _ = try StepConsensus(plan: plan, communicator: ranks).agree(
    step: 120, lanes: [LaneReport(lossSum: 1, sampleCount: 1)], isFinite: true,
    isStopRequested: false, digest: ranks.rank == 1 ? 1 : 2)
}
