import MessagePassing

/// Times messages from rank 0 to the others without reading and threads: what the link between them gives.
struct LinkTiming {
  /// What is sent in turn; known to rank 0.
  let messages: [[UInt8]]
  /// Messages in all, to the other ranks in turn.
  let count: Int

  private static let tag = 2

  /// Sends and receives.
  ///
  /// Collective: every rank.
  ///
  /// - Returns: Bytes a second; nil on a single rank.
  /// - Throws: `MessagePassingError`.
  func run(_ communicator: Communicator) throws -> Double? {
    let peerCount = communicator.worldSize - 1
    guard peerCount > 0 else { return nil }
    let sizes = try communicator.broadcast(messages.map(\.count), root: 0)
    try communicator.barrier()
    let start = ContinuousClock.now
    if communicator.rank == 0 {
      var pending: [Request] = []
      for number in 0..<count {
        if pending.count >= 2 * peerCount { try pending.removeFirst().wait() }
        pending.append(
          try communicator.send(
            messages[number % messages.count], to: 1 + number % peerCount, tag: Self.tag,
            synchronous: true))
      }
      for request in pending { try request.wait() }
    } else {
      for number in stride(from: communicator.rank - 1, to: count, by: peerCount) {
        _ = try communicator.receive(
          byteCount: sizes[number % sizes.count], from: 0, tag: Self.tag)
      }
    }
    try communicator.barrier()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Double((0..<count).reduce(0) { $0 + sizes[$1 % sizes.count] }) / seconds
  }
}
