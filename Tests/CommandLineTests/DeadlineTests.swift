import Foundation
import TestSupport
import Testing

/// What ends a run in which something does not answer.
@Suite struct DeadlineTests {
  private static let smoke = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Configs/smoke/tokenizer.yaml").path

  /// The coordinator reads its data from a pipe that gives nothing; the other rank, which waits for it,
  /// ends the run.
  @Test func aStartThatHangsEndsTheRun() async throws {
    try await withTemporaryFolder { folder in
      let digits = try await SpawnedProcess.run(
        SpawnedProcess.locateProduct("restok"), ["data", "digits", folder + "/digits"])
      #expect(digits.exitCode == 0, "\(digits.standardError)")
      try FileManager.default.createDirectory(
        atPath: folder + "/stuck", withIntermediateDirectories: false)
      #expect(mkfifo(folder + "/stuck/dataset.json", 0o600) == 0)
      let run = try await SpawnedProcess.runRanks(
        2, "restok",
        [
          "train", "tokenizer", Self.smoke, "data.train=\(folder)/stuck",
          "data.evaluation=\(folder)/digits/evaluation", "run.output=\(folder)",
          "run.name=run", "deadlines.start=2", "measure_rate=false",
        ], timeout: 60)
      #expect(run.exitCode == 70 && !run.isTimedOut, "\(run.standardError)")
      #expect(run.standardError.contains("rank 1: error: rank 1 (host "), "\(run.standardError)")
      #expect(run.standardError.contains("with rank 0 (host "), "\(run.standardError)")
      #expect(run.standardError.contains("nothing came for 2.0 s"), "\(run.standardError)")
    }
  }
}
