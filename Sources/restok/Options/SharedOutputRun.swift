import ArrayFiles
import Inference

extension RankSession {
  /// Works on a large output with all ranks, with progress on the terminal of the first.
  ///
  /// - Parameters:
  ///   - what: What is counted, such as "images sampled".
  ///   - work: The work of a rank.
  /// - Returns: What `work` returns.
  /// - Throws: What `work` throws.
  func output<Result>(
    _ what: String, _ work: (OutputContext) throws -> Result
  ) throws -> Result {
    var line = ProgressLine(what + (world.worldSize > 1 ? " by rank 0" : ""))
    defer { line.finish() }
    return try withoutActuallyEscaping({ line.show($0, of: $1) }) { progress in
      try work(OutputContext(communicator: world, notice: warn, progress: progress))
    }
  }
}
