import TestSupport
import Testing

/// Runs Tests/RankChecks under `mpirun`, one world after the other.
@Suite(.serialized)
struct RankChecksTests {
  @Test(arguments: [1, 2, 3, 4])
  func everyCheckPasses(rankCount: Int) async throws {
    let run = try await SpawnedProcess.runRanks(rankCount, "RankChecks", timeout: 300)
    let lines = run.standardOutput.split(separator: "\n")
    #expect(run.exitCode == 0 && !run.isTimedOut, "\(run.standardOutput)\(run.standardError)")
    #expect(lines.count > 20 && lines.allSatisfy { $0.hasPrefix("ok ") }, "\(run.standardOutput)")
  }

  @Test(
    arguments: [2, 3, 4],
    [
      ("size-mismatch", "canonicalSum"), ("fast-size-mismatch", "librarySum"),
      ("gather-size-mismatch", "partsGather"),
    ])
  func exchangesOfDifferentSizesFail(
    rankCount: Int, mode: (name: String, operation: String)
  ) async throws {
    let run = try await SpawnedProcess.runRanks(rankCount, "RankChecks", [mode.name])
    #expect(run.exitCode == 2 && !run.isTimedOut, "\(run.standardOutput)\(run.standardError)")
    #expect(run.standardError.contains("\(mode.operation) #1 of 3600 bytes"))
    #expect(run.standardError.contains("\(mode.operation) #1 of 4000 bytes"))
  }

  @Test(arguments: [2, 4])
  func anAbsentRankIsNamed(rankCount: Int) async throws {
    let run = try await SpawnedProcess.runRanks(rankCount, "RankChecks", ["timeout"])
    #expect(run.exitCode == 2 && !run.isTimedOut, "\(run.standardOutput)\(run.standardError)")
    #expect(run.standardError.contains("in barrier #1 with rank 0 (host "))
    #expect(run.standardError.contains("nothing came for 0.5 s"))
  }

  /// An exchange that goes on beside the backward pass must not turn into a silent hang either.
  @Test(arguments: [2, 3, 4], ["exchange-absent", "exchange-stopped"])
  func aRankThatLeavesAnExchangeIsNamed(rankCount: Int, mode: String) async throws {
    let run = try await SpawnedProcess.runRanks(rankCount, "RankChecks", [mode], timeout: 60)
    #expect(run.exitCode == 2 && !run.isTimedOut, "\(run.standardOutput)\(run.standardError)")
    let lines = run.standardError.split(separator: "\n")
    #expect(
      lines.contains {
        $0.hasPrefix("FAILED \(mode): rank ") && $0.contains(" in canonicalSum #1, bucket ")
          && $0.contains(" of 3 with rank ") && $0.contains("nothing came for 0.5 s")
      }, "\(run.standardError)")
  }

  @Test(arguments: [2, 4])
  func aRankKilledInAnExchangeEndsTheRun(rankCount: Int) async throws {
    let run = try await SpawnedProcess.runRanks(
      rankCount, "RankChecks", ["exchange-killed"], timeout: 60)
    #expect(run.exitCode != 0 && !run.isTimedOut, "\(run.standardOutput)\(run.standardError)")
  }

  @Test func aDivergedReplicaIsNamed() async throws {
    let run = try await SpawnedProcess.runRanks(3, "RankChecks", ["divergence"])
    #expect(run.exitCode == 2 && !run.isTimedOut, "\(run.standardOutput)\(run.standardError)")
    #expect(run.standardError.contains("step 120: rank 1 (host "))
    #expect(run.standardError.contains("diverged from the other ranks"))
  }

  /// Copies that a scheduler started without MPI's launcher must not train alone, each for itself.
  @Test func singletonsOfASchedulerAreRefused() async throws {
    let run = try await SpawnedProcess.run(
      SpawnedProcess.locateProduct("RankChecks"), [], environment: ["SLURM_NTASKS": "3"])
    #expect(run.exitCode == 64)
    #expect(run.standardError.contains("SLURM_NTASKS says 3"))
  }

  @Test func aProcessThatTakesTooLongIsStopped() async throws {
    let run = try await SpawnedProcess.runRanks(2, "RankChecks", ["timeout"], timeout: 0.05)
    #expect(run.isTimedOut)
  }
}
