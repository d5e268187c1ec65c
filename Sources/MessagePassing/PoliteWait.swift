import Foundation

/// Waits for something that only repeated asking brings about, without holding a core.
///
/// MPI's blocking calls ask at full speed, which takes the core away from whatever computes on it:
/// another rank, or this rank's own threads. Here the first tens of microseconds are spent asking,
/// since most messages of a busy exchange arrive within them; then the core is offered to others,
/// and then the thread sleeps, longer each time.
package struct PoliteWait: Sendable {
  /// How long to ask without a pause.
  private static let eagerTime = Duration.microseconds(40)
  /// How many times to offer the core before sleeping.
  private static let yieldCount = 8
  private static let firstPause = Duration.microseconds(10)

  /// The longest sleep between two questions.
  package let longestPause: Duration

  package init(longestPause: Duration = .microseconds(200)) {
    self.longestPause = longestPause
  }

  /// Asks `isDone` until it is true or `deadline` has passed.
  ///
  /// - Returns: Whether it became true in time.
  package func callAsFunction(
    deadline: Duration?, until isDone: () throws -> Bool
  ) rethrows -> Bool {
    if try isDone() { return true }
    let start = ContinuousClock.now
    var yieldsLeft = Self.yieldCount
    var pause = Self.firstPause
    while try !isDone() {
      let waited = ContinuousClock.now - start
      if let deadline, waited > deadline { return false }
      if waited < Self.eagerTime { continue }
      if yieldsLeft > 0 {
        yieldsLeft -= 1
        sched_yield()
      } else {
        Self.sleep(pause)
        pause = min(pause * 2, longestPause)
      }
    }
    return true
  }

  private static func sleep(_ duration: Duration) {
    let parts = duration.components
    var time = timespec(
      tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    nanosleep(&time, nil)
  }
}

extension Duration {
  /// The duration in seconds.
  package var inSeconds: Double { self / .seconds(1) }
}
