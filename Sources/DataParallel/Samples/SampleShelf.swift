import Foundation
import MessagePassing

/// Where one rank keeps the samples that came ahead of time.
///
/// A step's messages are handed out only when the coordinator has read the whole step. Otherwise
/// the ranks whose lanes were read would start a step that others cannot, and wait for them.
///
/// Sendable: all state is touched under the condition's lock.
final class SampleShelf: @unchecked Sendable {
  private enum Verdict {
    case complete
    case failed(SampleReadingError)
  }

  private let condition = NSCondition()
  private let lanes: Range<Int>
  private let prefetch: Int
  private let context: CallContext
  /// The step being handed out, of which some lanes may be gone already.
  private var currentStep: Int
  private var takenLanes: Set<Int> = []
  private var messages: [Int: [Int: [UInt8]]] = [:]
  private var verdicts: [Int: Verdict] = [:]
  private var brokenBy: (any Error)?
  private var isStopping = false

  init(lanes: Range<Int>, firstStep: Int, prefetch: Int, context: CallContext) {
    self.lanes = lanes
    self.prefetch = prefetch
    self.context = context
    currentStep = firstStep
  }

  /// Stores a lane's message as soon as its step is at most `prefetch` steps ahead.
  ///
  /// Returns whether it was stored; it is not once the transport stops.
  func put(_ bytes: [UInt8], step: Int, lane: Int) -> Bool {
    condition.withLock {
      while !isStopping && step >= currentStep + prefetch { condition.wait() }
      guard !isStopping else { return false }
      messages[step, default: [:]][lane] = bytes
      return true
    }
  }

  /// Whether a lane's message can be the coordinator's next: of one of this rank's lanes, and no
  /// further ahead than the one that the receiver waits to store.
  func expects(step: Int, lane: Int) -> Bool {
    condition.withLock {
      isStopping
        || lanes.contains(lane) && step >= currentStep && step - currentStep <= prefetch
    }
  }

  /// Says that the coordinator has read the whole step.
  func complete(step: Int) {
    change { verdicts[step] = .complete }
  }

  /// Says that a step will never be complete.
  func fail(_ error: SampleReadingError) {
    change { verdicts[error.step] = .failed(error) }
  }

  /// Says that no message will come any more, because of an error between ranks.
  func breakDown(_ error: any Error) {
    change { brokenBy = brokenBy ?? error }
  }

  /// Stops storing; whoever waits for room goes on without.
  func stop() {
    change { isStopping = true }
  }

  var hasStopped: Bool { condition.withLock { isStopping } }
  var failure: (any Error)? { condition.withLock { brokenBy } }

  private func change(_ body: () -> Void) {
    condition.withLock {
      body()
      condition.broadcast()
    }
  }

  /// Waits for a lane's message and hands it out, once.
  func take(step: Int, lane: Int, deadline: Duration?) throws -> [UInt8] {
    try condition.withLock {
      if isStopping { throw SampleTransportEnd(step: step) }
      precondition(
        step == currentStep && lanes.contains(lane) && !takenLanes.contains(lane),
        "next: step \(step), lane \(lane); to come is step \(currentStep), "
          + "lanes \(lanes) without \(takenLanes.sorted())")
      let verdict = try waitForVerdict(on: step, lane: lane, deadline: deadline)
      if case .failed(let error) = verdict { throw error }
      guard let bytes = messages[step]?.removeValue(forKey: lane) else {
        throw MessagePassingError.mismatch(
          context: context, expected: "the samples of step \(step), lane \(lane)",
          found: "the end of the step without them")
      }
      takenLanes.insert(lane)
      if takenLanes.count == lanes.count { advance() }
      return bytes
    }
  }

  private func waitForVerdict(on step: Int, lane: Int, deadline: Duration?) throws -> Verdict {
    let end = Date.end(after: deadline?.inSeconds)
    while true {
      if let verdict = verdicts[step] { return verdict }
      if let brokenBy { throw brokenBy }
      if isStopping { throw SampleTransportEnd(step: step) }
      guard condition.wait(untilEnd: end) || verdicts[step] != nil else {
        throw MessagePassingError.timeout(
          context: CallContext(
            operation: "waiting for the samples of step \(step), lane \(lane)",
            rank: context.rank, host: context.host, peer: context.peer,
            peerHost: context.peerHost),
          seconds: deadline?.inSeconds ?? 0)
      }
    }
  }

  private func advance() {
    messages[currentStep] = nil
    verdicts[currentStep] = nil
    takenLanes.removeAll()
    currentStep += 1
    condition.broadcast()
  }
}

extension NSCondition {
  /// Waits for the condition until a date, or for ever; false when the date has passed.
  ///
  /// Foundation's own wait traps on `Date.distantFuture`, whose nanoseconds do not fit.
  func wait(untilEnd end: Date?) -> Bool {
    guard let end else {
      wait()
      return true
    }
    return wait(until: end)
  }
}

extension Date {
  /// The date so many seconds from now, a century at most; nil for nil.
  static func end(after seconds: Double?) -> Date? {
    seconds.map { Date(timeIntervalSinceNow: min($0, 3e9)) }
  }
}
