import Foundation

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
