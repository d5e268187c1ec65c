/// What can go wrong between ranks.
///
/// After any of these the ranks no longer agree on what comes next, and memory given to requests
/// under way may still be written. The program reports the error and ends the whole world with
/// ``MPIRuntime/abort(code:)``; it does not carry on.
public enum MessagePassingError: Error, Sendable, CustomStringConvertible {
  /// An MPI function returned an error code.
  case callFailed(call: String, context: CallContext, code: Int, text: String)
  /// The MPI library cannot be called from several threads.
  case threadSupport(provided: Int)
  /// The launcher or scheduler speaks of another number of ranks than MPI does.
  case worldSize(found: Int, expected: Int, source: String)
  /// A launcher's variable holds something that is no count.
  case launchVariable(name: String, value: String)
  /// A wait lasted longer than the communicator's deadline.
  case timeout(context: CallContext, seconds: Double)
  /// Two ranks met in different collectives, or in the same one with different sizes.
  case mismatch(context: CallContext, expected: String, found: String)

  /// What happened, where, and what to do about it.
  public var description: String {
    switch self {
    case .callFailed(let call, let context, let code, let text):
      return "\(context): \(call) failed with code \(code) (\(text)). "
        + "If the text speaks of a connection, check that every host can reach every other one "
        + "(`mpirun --mca btl_tcp_if_include INTERFACE` picks the network); if of truncation, the "
        + "ranks run different programs or configurations."
    case .threadSupport(let provided):
      return "MPI offers thread level \(provided), and this program needs MPI_THREAD_MULTIPLE (3). "
        + "Use an MPI built with thread support (`ompi_info | grep -i thread`)."
    case .worldSize(let found, let expected, let source):
      return "MPI sees \(found) rank(s), but \(source) says \(expected). Usually the tasks were "
        + "started without MPI's own launcher, and each would train alone. Start with "
        + "`mpirun -np \(expected) restok …`, or, if \(found) is meant, pass --expect-ranks \(found)."
    case .launchVariable(let name, let value):
      return "the environment variable \(name) is \"\(value)\", expected a positive whole number. "
        + "Unset it, or start with `mpirun`."
    case .timeout(let context, let seconds):
      return "\(context): nothing came for \(seconds) s. The other rank is stopped, dead or busy "
        + "elsewhere; look at its log and its host, then restart from the last checkpoint."
    case .mismatch(let context, let expected, let found):
      return "\(context): this rank is in \(expected), the other one in \(found). The ranks must "
        + "run the same program with the same configuration and data; compare them."
    }
  }
}

/// Which rank was doing what with whom: the part of an error that says where.
public struct CallContext: Sendable, CustomStringConvertible {
  /// The operation as the program knows it, for example `allReduceSum #14`.
  public let operation: String
  /// The rank that reports.
  public let rank: Int
  /// The host of the rank that reports.
  public let host: String
  /// The other rank, where there is one.
  public let peer: Int?
  /// The other rank's host, where it is known.
  public let peerHost: String?

  package init(
    operation: String, rank: Int, host: String, peer: Int? = nil, peerHost: String? = nil
  ) {
    self.operation = operation
    self.rank = rank
    self.host = host
    self.peer = peer
    self.peerHost = peerHost
  }

  /// For example `rank 2 (host b) in allReduceSum #14 with rank 3 (host c)`.
  public var description: String {
    let here = "rank \(rank) (host \(host)) in \(operation)"
    guard let peer else { return here }
    return here + " with rank \(peer)" + (peerHost.map { " (host \($0))" } ?? "")
  }
}
