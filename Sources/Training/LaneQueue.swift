package import DataParallel
import Foundation

/// Brings a rank its lanes, prepared for their steps: on a thread of its own while the step before is computed, or
/// when they are asked for.
///
/// Sendable: all state is touched under the condition's lock.
package final class LaneQueue: @unchecked Sendable {
  /// Makes of a lane's message one that has less left to do.
  package typealias Preparation = @Sendable (_ message: [UInt8]) throws -> [UInt8]

  private let transport: SampleTransport
  private let preparation: Preparation?
  private let steps: Range<Int>
  private let lanes: Range<Int>
  private let isAhead: Bool
  private let condition = NSCondition()
  private var ready: [Result<[UInt8], any Error>] = []
  private var isStopping = false
  private var isRunning = false

  /// Begins to prepare lanes.
  ///
  /// - Parameters:
  ///   - transport: Where the messages come from.
  ///   - preparation: What is done with them; nil leaves them as they are.
  ///   - steps: The steps to come.
  ///   - lanes: This rank's lanes.
  ///   - isAhead: Whether that happens on a thread of its own, one step ahead.
  package init(
    _ transport: SampleTransport, _ preparation: Preparation?, steps: Range<Int>,
    lanes: Range<Int>, isAhead: Bool
  ) {
    (self.transport, self.preparation) = (transport, preparation)
    (self.steps, self.lanes) = (steps, lanes)
    self.isAhead = isAhead && preparation != nil
    guard self.isAhead else { return }
    isRunning = true
    let thread = Thread { [self] in prepareAll() }
    thread.name = "samples-prepare"
    thread.start()
  }

  /// The message of one of this rank's lanes; each once, in the order of steps and lanes.
  ///
  /// - Throws: What the transport and the preparation throw.
  package func next(step: Int, lane: Int) throws -> [UInt8] {
    guard isAhead else { return try prepared(step: step, lane: lane) }
    return try condition.withLock {
      while ready.isEmpty && isRunning { condition.wait() }
      precondition(!ready.isEmpty, "LaneQueue: step \(step), lane \(lane) after the end")
      defer { condition.broadcast() }
      return try ready.removeFirst().get()
    }
  }

  /// Ends the thread, and the transport.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: What the transport throws.
  package func stop() throws {
    condition.withLock {
      isStopping = true
      condition.broadcast()
    }
    // The thread may wait for samples that will not come any more: the end of the transport wakes it.
    let end = Result { try transport.stop() }
    condition.withLock {
      while isRunning { condition.wait() }
    }
    try end.get()
  }

  private func prepared(step: Int, lane: Int) throws -> [UInt8] {
    let message = try transport.next(step: step, lane: lane)
    return try preparation?(message) ?? message
  }

  private func prepareAll() {
    for step in steps {
      for lane in lanes {
        guard hasRoom() else { return end() }
        let result = Result { try prepared(step: step, lane: lane) }
        condition.withLock {
          ready.append(result)
          condition.broadcast()
        }
        if case .failure = result { return end() }
      }
    }
    end()
  }

  /// Waits until less than a step's lanes are ready; false when the work ends.
  private func hasRoom() -> Bool {
    condition.withLock {
      while !isStopping && ready.count >= lanes.count { condition.wait() }
      return !isStopping
    }
  }

  private func end() {
    condition.withLock {
      isRunning = false
      condition.broadcast()
    }
  }
}
