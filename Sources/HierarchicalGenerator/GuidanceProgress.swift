/// How the progress that a `GuidanceSchedule` follows is counted.
///
/// Source: Docs/Method.md, section 6.
public enum GuidanceProgress: String, Sendable, CaseIterable {
  /// Tokens made before the step, of all but one.
  case tokens
  /// Steps made before the step, of all but one.
  case steps
  /// As `tokens`, with the slip of the published program, which its published figures were
  /// measured with: of `A` single tokens, number `i` from 2 on counts as `i / (A - 1)`.
  case published

  /// The ratio of progress, in [0, 1], of every sampling step.
  ///
  /// For 128 tokens of which 4 are single, the 9 steps have
  ///
  ///     tokens      0, 1/127, 2/127, 3/127, 4/127, 8/127, 16/127, 32/127, 64/127
  ///     steps       0, 1/8,   2/8,   3/8,   4/8,   5/8,   6/8,    7/8,    1
  ///     published   0, 1/127, 2/3,   1,     4/127, 8/127, 16/127, 32/127, 64/127
  ///
  /// - Parameters:
  ///   - tokenCounts: Tokens that each step makes.
  ///   - singleTokenCount: Leading steps that make one token each in the hierarchical order; in the
  ///     sequential order all of them.
  /// - Returns: A ratio for each step.
  /// - Precondition: Every step makes at least one token, and the single ones exactly one.
  public func ratios(tokenCounts: [Int], singleTokenCount: Int) -> [Double] {
    precondition(
      tokenCounts.allSatisfy { $0 > 0 } && singleTokenCount <= tokenCounts.count
        && tokenCounts.prefix(singleTokenCount).allSatisfy { $0 == 1 },
      "GuidanceProgress.ratios: \(tokenCounts) does not start with \(singleTokenCount) single tokens"
    )
    let lastToken = Double(max(tokenCounts.reduce(0, +) - 1, 1))
    let lastStep = Double(max(tokenCounts.count - 1, 1))
    var tokensBefore = 0
    return tokenCounts.enumerated().map { step, count in
      defer { tokensBefore += count }
      switch self {
      case .steps:
        return Double(step) / lastStep
      case .published where step >= 2 && step < singleTokenCount:
        return Double(step) / Double(singleTokenCount - 1)
      case .tokens, .published:
        return Double(tokensBefore) / lastToken
      }
    }
  }
}
