import DataParallel
import MessagePassing
import Synchronization

private struct DamagedShard: Error, CustomStringConvertible {
  let description = "shard 3 is damaged"
}

/// A lane's message: its size and contents depend on step and lane; some are empty, some large.
private func message(_ step: Int, _ lane: Int) -> [UInt8] {
  let count = lane == 1 ? 0 : step % 4 == 0 ? 300_000 : 17 * (lane + 1)
  return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ step &* 31 &+ lane) }
}

private func takeSteps(
  _ steps: Range<Int>, of transport: SampleTransport, _ plan: LanePlan, _ ranks: Communicator
) throws {
  for step in steps {
    for lane in plan.lanes(of: ranks.rank) {
      let bytes = try transport.next(step: step, lane: lane)
      try require(bytes == message(step, lane), "step \(step), lane \(lane) is not its message")
    }
  }
}

/// The coordinator's transport: whole runs, early stops, read errors.
func checkSampleTransport(_ checks: RankCheckList) throws {
  try checks.check("transport of all steps") { ranks in
    let plan = try LanePlan(laneCount: 12, worldSize: ranks.worldSize)
    for prefetch in [1, 3] {
      let transport = try SampleTransport(
        plan: plan, communicator: ranks, steps: 4..<24, prefetch: prefetch,
        deadline: .seconds(20), read: message)
      try takeSteps(4..<24, of: transport, plan, ranks)
      try transport.stop()
    }
  }
  try checks.check("transport stops early, at any step") { ranks in
    let plan = try LanePlan(laneCount: 12, worldSize: ranks.worldSize)
    for stopStep in 0..<6 {
      let readCount = Atomic(0)
      let transport = try SampleTransport(
        plan: plan, communicator: ranks, steps: 0..<1_000_000, prefetch: 2,
        deadline: .seconds(20)
      ) { step, lane in
        readCount.wrappingAdd(1, ordering: .relaxed)
        return message(step, lane)
      }
      try takeSteps(0..<stopStep, of: transport, plan, ranks)
      try transport.stop()
      try transport.stop()
      // Two steps on the shelves, one on the way, one in hand.
      let count = readCount.load(ordering: .relaxed)
      try require(count <= 12 * (stopStep + 4), "read \(count) lanes ahead of step \(stopStep)")
      try require(ranks.rank == 0 || count == 0, "rank \(ranks.rank) read")
    }
  }
  try checkReadErrors(checks)
}

private func checkReadErrors(_ checks: RankCheckList) throws {
  for badLane in [0, 5, 11] {
    try checks.check("a read error of lane \(badLane) reaches all ranks at its step") { ranks in
      let plan = try LanePlan(laneCount: 12, worldSize: ranks.worldSize)
      let transport = try SampleTransport(
        plan: plan, communicator: ranks, steps: 0..<100, prefetch: 2, deadline: .seconds(20)
      ) { step, lane in
        if step == 3, lane == badLane { throw DamagedShard() }
        return message(step, lane)
      }
      try takeSteps(0..<3, of: transport, plan, ranks)
      do {
        _ = try transport.next(step: 3, lane: plan.lanes(of: ranks.rank).lowerBound)
        throw CheckFailure("step 3 was handed out")
      } catch let error as SampleReadingError {
        let expected = "data of step 3, lane \(badLane): shard 3 is damaged"
        try require(error.description == expected, error.description)
      }
      try transport.stop()
    }
  }
}
