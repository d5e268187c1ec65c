import ArrayFiles
import Foundation
import MessagePassing

/// A command's life among the ranks that were launched together.
struct RankSession {
  /// All ranks.
  let world: Communicator

  /// Whether this rank speaks for all of them.
  var isFirst: Bool { world.rank == 0 }

  /// The rank that a launcher says this process has, before MPI is there to ask.
  static var launchedRank: Int? {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"]
      .lazy.compactMap { environment[$0].flatMap { Int($0) } }.first
  }

  /// Joins the world, runs the body on every rank, and leaves the world.
  ///
  /// An error on a rank among several ends all of them: the others may be waiting for it.
  ///
  /// - Parameters:
  ///   - expectedWorldSize: The number of ranks that the user named, if any.
  ///   - body: The work of a rank.
  /// - Throws: The body's error, on a single rank.
  static func run(
    expectedWorldSize: Int? = nil, _ body: (RankSession) throws -> Void
  ) throws {
    let runtime = try MPIRuntime(expectedWorldSize: expectedWorldSize)
    do {
      try requireEqualArguments(runtime.world)
      try body(RankSession(world: runtime.world))
    } catch let stop as ExitStatusError where stop.status == .stopped {
      // All ranks stop together: they leave in peace.
      try runtime.finalize()
      throw stop
    } catch  where runtime.world.worldSize > 1 {
      let status = ErrorReport(error).write(rank: runtime.world.rank)
      runtime.abort(code: status.rawValue)
    }
    try runtime.finalize()
  }

  /// Refuses ranks that were told different things: they would work on different tasks, or on one task in
  /// different ways, and each would trust the others' results.
  private static func requireEqualArguments(_ world: Communicator) throws {
    let own = Array(SystemPath.commandLine().dropFirst().joined(separator: " ").utf8)
    let all = try world.allGather(own)
    guard let rank = all.firstIndex(where: { $0 != all[0] }) else { return }
    throw WorldError.arguments(
      ofFirst: String(decoding: all[0], as: UTF8.self), rank: rank,
      ofRank: String(decoding: all[rank], as: UTF8.self))
  }

  /// Refuses to run on several ranks, for commands that have nothing to share out.
  ///
  /// - Parameter command: The command's name.
  /// - Throws: `WorldError` under a launcher of several ranks.
  static func requireSingleRank(_ command: String) throws {
    let environment = ProcessInfo.processInfo.environment
    let count = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"]
      .lazy.compactMap { environment[$0].flatMap { Int($0) } }.first
    if let count, count > 1 { throw WorldError.severalRanks(command: command, worldSize: count) }
  }
}

/// The ranks that were started are not those that a command can work with.
enum WorldError: Error, CustomStringConvertible {
  /// A command of one rank was started on several.
  case severalRanks(command: String, worldSize: Int)
  /// The ranks were given different command lines.
  case arguments(ofFirst: String, rank: Int, ofRank: String)

  var description: String {
    switch self {
    case .severalRanks(let command, let worldSize):
      "restok \(command) runs on one rank, but \(worldSize) were started: start it without mpirun, "
        + "or with -n 1"
    case .arguments(let first, let rank, let other):
      "the ranks were started with different arguments: rank 0 with '\(first)', rank \(rank) with "
        + "'\(other)': start all of them with the same"
    }
  }
}
