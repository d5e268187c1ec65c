import Foundation
import MessagePassing

/// Rank 0's reading thread: reads the lanes in order and passes each to its rank.
struct SampleCoordinator: Sendable {
  let plan: LanePlan
  let steps: Range<Int>
  let shelf: SampleShelf
  let outbox: SampleOutbox
  let read: SampleTransport.Reader

  private var peers: Range<Int> { 1..<plan.worldSize }

  func run() {
    for step in steps {
      guard read(step) else { break }
    }
    for peer in peers { outbox.put(SampleMessage(.end), to: peer) }
    outbox.close()
  }

  /// Reads one step; false when the transport must end.
  private func read(_ step: Int) -> Bool {
    for lane in 0..<plan.laneCount {
      guard !shelf.hasStopped else { return false }
      do {
        let bytes = try read(step, lane)
        guard deliver(bytes, step: step, lane: lane) else { return false }
      } catch {
        let failure = SampleReadingError(step: step, lane: lane, reason: error)
        shelf.fail(failure)
        for peer in peers {
          outbox.put(
            SampleMessage(.failure, step: step, body: Array(failure.message.utf8)), to: peer)
        }
        return false
      }
    }
    shelf.complete(step: step)
    for peer in peers { outbox.put(SampleMessage(.complete, step: step), to: peer) }
    return true
  }

  private func deliver(_ bytes: [UInt8], step: Int, lane: Int) -> Bool {
    let rank = plan.rank(of: lane)
    guard rank != 0 else { return shelf.put(bytes, step: step, lane: lane) }
    return outbox.put(SampleMessage(.samples, step: step, lane: lane, body: bytes), to: rank)
  }
}

/// The messages that rank 0 has read and not yet begun to send; few, so that reading waits.
///
/// Sendable: all state is touched under the condition's lock.
final class SampleOutbox: @unchecked Sendable {
  enum Item {
    case message(SampleMessage, peer: Int)
    /// Nothing is here at the moment.
    case nothing
    /// Nothing is here and nothing will come.
    case closed
  }

  /// One message being sent, one ready and one being read keep disk and network busy.
  private static let capacity = 2

  private let condition = NSCondition()
  private var messages: [(SampleMessage, peer: Int)] = []
  private var isClosed = false

  /// Waits for room and stores the message; false when nobody sends any more.
  @discardableResult
  func put(_ message: SampleMessage, to peer: Int) -> Bool {
    condition.withLock {
      while !isClosed && messages.count >= Self.capacity { condition.wait() }
      guard !isClosed else { return false }
      messages.append((message, peer: peer))
      condition.broadcast()
      return true
    }
  }

  /// Says that no message will be put, or that none will be taken.
  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }

  /// Takes the oldest message, waiting for one at most so many seconds; nil waits for ever.
  func take(waitingAtMost seconds: Double?) -> Item {
    let end = Date.end(after: seconds)
    return condition.withLock {
      while messages.isEmpty && !isClosed {
        guard condition.wait(untilEnd: end) else { break }
      }
      guard !messages.isEmpty else { return isClosed ? .closed : .nothing }
      let (message, peer) = messages.removeFirst()
      condition.broadcast()
      return .message(message, peer: peer)
    }
  }
}

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
