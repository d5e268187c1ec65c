import Checkpoints
import DataParallel
import Kernels
import MessagePassing
import PhaseFixtures
import TestSupport
import Training

/// Codes that nothing uses are put back into use alike on one rank and on several, and after a stop.
func checkRevival(_ checks: RankCheckList) throws {
  // More threads than cores would wait for each other.
  setThreadCount(1)
  let settings = [
    "batch={lanes: 12, per_lane: 1}", "model.codebook.revive=true",
    "model.codebook.revive_after=2",
  ]
  let whole = try CodebookSteps(settings)
  let expected = try whole.run(0..<4)
  try checks.check("revived codes") { ranks in
    // Codes begin with a length of about 1/64; those that were put back have length 1.
    let codes = whole.task.mainNetwork.arena["quantize.embedding.weight"]?.value
    let elements = codes?.array(of: Float.self) ?? []
    try require(elements.contains { abs($0) > 0.35 }, "no code was revived")
    let shared = try CodebookSteps(settings, on: ranks)
    let reports = try shared.run(0..<4)
    let digests = try ranks.allGather([shared.digests.state])
    try require(Set(digests).count == 1, "the ranks end with digests \(digests)")
    let plan = try LanePlan(laneCount: 12, worldSize: ranks.worldSize)
    guard plan.isBitIdentical else { return }
    try require(
      shared.digests == whole.digests, "\(shared.digests), on one rank \(whole.digests)")
    try require(
      reports.map { $0.phases[0].agreement.tokens }
        == expected.map { $0.phases[0].agreement.tokens }, "the tokens differ")
  }
  try checks.check("revived codes after a stop") { ranks in
    let after = try withTemporaryDirectory { folder in
      // Written by one rank, as in a run; the others have nothing to read.
      var checkpoint: Checkpoint?
      if ranks.rank == 0 {
        let before = try CodebookSteps(settings)
        try before.run(0..<3)
        checkpoint = try before.checkpoint(in: folder)
      }
      return try CodebookSteps(settings, on: ranks, from: checkpoint)
    }
    try after.run(3..<4)
    let plan = try LanePlan(laneCount: 12, worldSize: ranks.worldSize)
    guard plan.isBitIdentical else { return }
    try require(
      after.digests == whole.digests, "\(after.digests), without a stop \(whole.digests)")
  }
  try checkDifferentCounts(checks, settings)
}

/// Ranks that would put other codes back are named, in steps in which no digest is compared too.
private func checkDifferentCounts(_ checks: RankCheckList, _ settings: [String]) throws {
  try checks.check("other counts of unused steps are named") { ranks in
    guard ranks.worldSize > 1 else { return }
    let steps = try CodebookSteps(settings + ["digest_every=0"], on: ranks)
    guard let counts = steps.task.mainNetwork.buffers["quantize.unused_steps"]?.value else {
      throw CheckFailure("there are no counts")
    }
    counts.buffer.copy(from: (0..<counts.count).map { Float(ranks.rank == 0 ? 1 : $0 % 2) })
    do {
      try steps.run(0..<1)
      throw CheckFailure("different codes were revived")
    } catch let error as ReplicaDivergence {
      try require(error.quantity == .revivedCodes, "\(error)")
    }
  }
}
