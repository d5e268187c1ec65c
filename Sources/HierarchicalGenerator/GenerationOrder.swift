public import Layers

/// The order in which a generator predicts the tokens of an image (Docs/Method.md, section 6).
///
/// Position p predicts token p. Tokens of one step are predicted together, and their positions see
/// one another and all earlier ones.
public struct GenerationOrder: Sendable, Equatable {
  /// Positions of each sampling step; their lengths are the groups of the block-causal mask.
  public let steps: [Range<Int>]
  /// Number of tokens.
  public let tokenCount: Int
  /// Whether whole levels are predicted at once.
  public let isHierarchical: Bool

  /// The order of a configuration.
  public init(_ configuration: Generator.Configuration) {
    tokenCount = configuration.tokenCount
    isHierarchical = configuration.order == .hierarchical
    guard isHierarchical else {
      steps = (0..<configuration.tokenCount).map { $0..<$0 + 1 }
      return
    }
    let single = configuration.singleTokenCount
    let ranges = LevelStructure(count: configuration.tokenCount).ranges
    precondition(
      ranges.contains { $0.upperBound == single },
      "GenerationOrder: \(single) single tokens do not end a level of \(tokenCount) tokens")
    steps = (0..<single).map { $0..<$0 + 1 } + ranges.filter { $0.lowerBound >= single }
  }

  /// What each position sees.
  public var mask: BlockCausalMask { BlockCausalMask(groupSizes: steps.map(\.count)) }

  /// What stands at a position of the generator's input.
  public enum Input: Sendable, Equatable {
    /// The class.
    case label
    /// The embedding of a token.
    case token(Int)
    /// A special embedding.
    case special(Int)
  }

  /// The input at every position: class; t₀ t₁ …; for each level first the previous tokens, then
  /// special embeddings.
  public var inputs: [Input] {
    guard isHierarchical else { return [.label] + (0..<tokenCount - 1).map { .token($0) } }
    return steps.flatMap { inputs(of: $0) }
  }

  /// The inputs at the positions of one step.
  ///
  /// A single position p > 0 sees token p − 1. The first level, of n tokens, sees the last single
  /// token and n − 1 special embeddings from s₀ on; a level that begins at k sees the k/2 tokens
  /// before it and as many special embeddings from s₍k/2−1₎ on.
  public func inputs(of step: Range<Int>) -> [Input] {
    let (start, count) = (step.lowerBound, step.count)
    if start == 0 { return [.label] }
    if count == 1 { return [.token(start - 1)] }
    let isFirstLevel = steps.first { $0.count > 1 } == step
    let tokenCount = isFirstLevel ? 1 : count / 2
    let firstSpecial = isFirstLevel ? 0 : start / 2 - 1
    return (start - tokenCount..<start).map { .token($0) }
      + (0..<count - tokenCount).map { .special(firstSpecial + $0) }
  }
}
