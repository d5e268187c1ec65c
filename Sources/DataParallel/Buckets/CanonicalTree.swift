/// The one binary tree in which the partial results of a step are added.
///
/// The tree over n leaves has the tree over the first ⌈n/2⌉ on its left and the tree over the rest
/// on its right. Float addition depends on its order, so a sum has the same bits wherever it is
/// computed only if everybody follows one tree. Cutting 2ᵏ·m leaves into 2ᵏ blocks cuts this tree
/// into whole subtrees; hence ranks may add their own leaves first.
public enum CanonicalTree {
  /// The number of leaves in the left half: ⌈n/2⌉.
  public static func leftCount(of leafCount: Int) -> Int {
    (leafCount + 1) / 2
  }

  /// Whether blocks of equally many leaves, so many of them, are whole subtrees: for powers of two.
  ///
  /// This is the one rule by which a number of ranks has the bits of a single one.
  public static func hasWholeSubtrees(blockCount: Int) -> Bool {
    precondition(blockCount > 0, "hasWholeSubtrees: \(blockCount) blocks")
    return blockCount & (blockCount - 1) == 0
  }

  /// How many sums are complete once the leaves up to and including one are known.
  ///
  /// A reader of the leaves from left to right keeps a stack of partial sums, pushes each leaf and
  /// then joins the two topmost sums this many times.
  ///
  /// - Precondition: `leaf` is in `0..<leafCount`.
  public static func joinCount(afterLeaf leaf: Int, of leafCount: Int) -> Int {
    precondition(
      0 <= leaf && leaf < leafCount, "joinCount: leaf \(leaf) of a tree of \(leafCount) leaves")
    // Down from the root; the right turns since the last left turn are the sums that end here.
    var rightTurnCount = 0
    var position = leaf
    var count = leafCount
    while count > 1 {
      let leftCount = leftCount(of: count)
      if position < leftCount {
        rightTurnCount = 0
        count = leftCount
      } else {
        rightTurnCount += 1
        position -= leftCount
        count -= leftCount
      }
    }
    return rightTurnCount
  }

  /// The value of the whole tree, straight from its definition.
  ///
  /// - Precondition: `leafCount` is positive.
  public static func fold<Value>(
    leafCount: Int, leaf: (Int) throws -> Value, join: (Value, Value) throws -> Value
  ) rethrows -> Value {
    precondition(leafCount > 0, "fold: a tree of \(leafCount) leaves")
    return try fold(0..<leafCount, leaf, join)
  }

  private static func fold<Value>(
    _ leaves: Range<Int>, _ leaf: (Int) throws -> Value, _ join: (Value, Value) throws -> Value
  ) rethrows -> Value {
    guard leaves.count > 1 else { return try leaf(leaves.lowerBound) }
    let middle = leaves.lowerBound + leftCount(of: leaves.count)
    let left = try fold(leaves.lowerBound..<middle, leaf, join)
    let right = try fold(middle..<leaves.upperBound, leaf, join)
    return try join(left, right)
  }
}
