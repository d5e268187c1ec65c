import Layers

/// The prefix lengths that nested dropout may keep, and the chance of each.
///
/// Weights 1, 2, 4, … for the shorter lengths and (their sum)·(int(1/p) − 1) for the full one.
/// Source: Docs/Method.md, section 5, step 1.
public struct NestedDropoutDistribution: Sendable, Equatable {
  /// Prefix lengths, ascending; the last is the full length.
  public let lengths: [Int]
  /// The chance of each length; they add up to 1.
  public let probabilities: [Double]

  /// The distribution for a number of latent tokens; the full length only when turned off.
  public init(latentCount: Int, _ settings: ResTok.Configuration.NestedDropout) {
    let allowed = LevelStructure(count: latentCount).prefixLengths.filter { $0 >= settings.least }
    guard settings.probability > 0, allowed.count > 1 else {
      lengths = [latentCount]
      probabilities = [1]
      return
    }
    var weights = (0..<allowed.count - 1).map { Double(1 << $0) }
    // A chance may be so small that its inverse is no integer of 64 bits, or not even finite.
    let inverse = min((1 / settings.probability).rounded(.down), 0x1p53)
    weights.append(weights.reduce(0, +) * (inverse - 1))
    let total = weights.reduce(0, +)
    lengths = allowed
    probabilities = weights.map { $0 / total }
  }
}
