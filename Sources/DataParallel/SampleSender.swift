import MessagePassing

/// Rank 0's sending thread: keeps a bounded number of messages on the way.
struct SampleSender: Sendable {
  let communicator: Communicator
  let outbox: SampleOutbox
  let shelf: SampleShelf
  /// How many messages may be on the way at once.
  let messageLimit: Int

  /// Open MPI moves data only inside its calls, so this thread looks in this often, in seconds.
  private static let lookInterval = 0.0005

  func run() {
    do {
      try send()
    } catch {
      shelf.breakDown(error)
      outbox.close()
    }
  }

  private func send() throws {
    // Sends are synchronous: one completes only when its receiver, who receives only what it has
    // room for, takes it. So nothing piles up there either.
    var pending: [Request] = []
    var isClosed = false
    while !isClosed || !pending.isEmpty {
      try pending.removeAll { try $0.test() }
      // A message is a head and a body.
      if pending.count >= 2 * messageLimit || (isClosed && !pending.isEmpty) {
        try pending[0].wait(politely: PoliteWait(longestPause: .milliseconds(1)))
        continue
      }
      switch outbox.take(waitingAtMost: pending.isEmpty ? nil : Self.lookInterval) {
      case .nothing: break
      case .closed: isClosed = true
      case .message(let message, let peer):
        for bytes in [message.head, message.body] where !bytes.isEmpty {
          pending.append(
            try communicator.send(bytes, to: peer, tag: SampleMessage.tag, synchronous: true))
        }
      }
    }
  }
}
