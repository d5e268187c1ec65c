import Foundation

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
