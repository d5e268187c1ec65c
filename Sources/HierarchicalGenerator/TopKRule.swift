/// Keeps the k most likely tokens; among equal ones, those of smaller number.
public struct TopKRule: LogitsRule, Equatable {
  /// Number of tokens that are kept.
  public let count: Int

  /// Creates the rule; at least one token is kept.
  public init(_ count: Int) {
    precondition(count > 0, "TopKRule: \(count) tokens")
    self.count = count
  }

  /// Excludes all but the k most likely tokens.
  public func apply(to logits: inout [Float]) {
    guard count < logits.count else { return }
    // Every token has mass 1: the sum first exceeds k - 1/2 with token number k.
    keepLikeliest(of: &logits, untilSumExceeds: Double(count) - 0.5) { _ in 1 }
  }
}
