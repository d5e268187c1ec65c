import Checkpoints
import DataParallel
import MessagePassing
import PhaseFixtures
import TestSupport
import Training

/// Steps of two networks, the second of which begins in the middle, on one rank and on several.
func checkPhases(_ checks: RankCheckList) throws {
  try checks.check("phases of two networks") { ranks in
    let whole = try PhaseSteps(laneCount: 12, sampleCount: 24)
    let expected = try whole.run(0..<5)
    let shared = try PhaseSteps(laneCount: 12, sampleCount: 24, on: ranks)
    let reports = try shared.run(0..<5)
    let digests = try ranks.allGather([shared.digests.state])
    try require(Set(digests).count == 1, "the ranks end with digests \(digests)")
    for (report, other) in zip(reports, expected) {
      try require(
        report.phases.map(\.network) == other.phases.map(\.network), "phases of \(report)")
      // Whatever the ranks, the same buffers have advanced as often.
      let (losses, others) = (report.phases, other.phases)
      for (phase, single) in zip(losses, others) {
        let (loss, one) = (phase.agreement.lossSum, single.agreement.lossSum)
        try require(abs(loss / one - 1) < 1e-6, "loss \(loss), on one rank \(one)")
      }
    }
    let plan = try LanePlan(laneCount: 12, worldSize: ranks.worldSize)
    guard plan.isBitIdentical else { return }
    try require(
      shared.digests == whole.digests, "\(shared.digests), on one rank \(whole.digests)")
    try require(
      reports.map(\.phases) == expected.map(\.phases), "\(reports), on one rank \(expected)")
  }
}

/// A run of two networks goes on from a checkpoint that one rank reads.
func checkGoingOn(_ checks: RankCheckList) throws {
  try checks.check("going on with two networks") { ranks in
    let whole = try PhaseSteps(laneCount: 12, sampleCount: 24)
    try whole.run(0..<5)
    let after = try withTemporaryDirectory { folder in
      // Written by one rank, as in a run; the others have nothing to read.
      var checkpoint: Checkpoint?
      if ranks.rank == 0 {
        let before = try PhaseSteps(laneCount: 12, sampleCount: 24)
        try before.run(0..<3)
        checkpoint = try before.checkpoint(in: folder)
      }
      return try PhaseSteps(laneCount: 12, sampleCount: 24, on: ranks, from: checkpoint)
    }
    try require(after.doneCount == 3, "\(after.doneCount) steps are done, not 3")
    try after.run(3..<5)
    let plan = try LanePlan(laneCount: 12, worldSize: ranks.worldSize)
    guard plan.isBitIdentical else { return }
    try require(
      after.digests == whole.digests, "\(after.digests), without a stop \(whole.digests)")
  }
}

/// A bit that flips in one replica is found before anything is saved, whichever array it is in.
func checkAgreement(_ checks: RankCheckList) throws {
  try checks.check("replicas agree before a save") { ranks in
    let steps = try PhaseSteps(laneCount: 12, sampleCount: 24, on: ranks)
    try steps.run(0..<3)
    try steps.requireAgreement(step: 3)
    guard ranks.worldSize > 1 else { return }
    for network in steps.task.networks {
      let arrays = network.arrays
      for kind in arrays.kinds {
        guard let element = arrays[kind]?.slice(0..<1) else { continue }
        let value = element.array(of: Float.self)
        if ranks.rank == 0 {
          element.buffer.copy(from: [Float(bitPattern: value[0].bitPattern ^ 1)])
        }
        do {
          try steps.requireAgreement(step: 3)
          try require(false, "\(network.name) \(kind): a flipped bit is not found")
        } catch let error as ReplicaDivergence {
          try require(error.step == 3, "step \(error.step)")
        }
        element.buffer.copy(from: value)
      }
    }
  }
}
