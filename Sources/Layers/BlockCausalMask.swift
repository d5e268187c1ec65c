/// The block-causal mask over ordered groups of tokens.
///
/// A token attends to all tokens of its own group and of every earlier group. Because groups are
/// runs of the sequence, what a token sees is a prefix, so the mask is one number a token.
public struct BlockCausalMask: Sendable, Equatable {
  /// Tokens of each group in sequence order.
  public let groupSizes: [Int]

  /// The mask over groups of the given sizes.
  public init(groupSizes: [Int]) { self.groupSizes = groupSizes }

  /// The number of leading tokens that each token sees.
  public var visibleKeyCounts: [Int] {
    var end = 0
    return groupSizes.flatMap { size in
      end += size
      return [Int](repeating: end, count: size)
    }
  }
}
