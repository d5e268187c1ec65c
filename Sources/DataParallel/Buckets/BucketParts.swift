/// The parts of a bucket, one a rank: what each rank has after a reduce-scatter, and gives to the
/// others in a gather.
///
/// For 2ᵏ ranks the parts come of k halvings: in round k a rank meets the one 2ᵏ away, and the lower
/// of the two goes on with the first half. For any other number they are p slices in rank order.
/// Either way they depend on the two numbers alone, they do not overlap, and they cover the bucket.
public struct BucketParts: Sendable, Equatable {
  /// The elements of the bucket.
  public let elementCount: Int
  /// The number of ranks.
  public let worldSize: Int

  /// One round of halving: what a rank goes on with, what its partner does, and who that is.
  struct Halving {
    let partner: Int
    let kept: Range<Int>
    let given: Range<Int>
  }

  /// Shares a bucket out.
  ///
  /// - Precondition: `elementCount` is not negative, `worldSize` is positive.
  public init(elementCount: Int, worldSize: Int) {
    precondition(
      elementCount >= 0 && worldSize > 0,
      "BucketParts: \(elementCount) elements over \(worldSize) ranks")
    self.elementCount = elementCount
    self.worldSize = worldSize
  }

  /// Whether the parts come of halvings, so that partial sums are whole subtrees.
  var isHalved: Bool { CanonicalTree.hasWholeSubtrees(blockCount: worldSize) }

  /// The elements of one rank's part.
  public subscript(rank: Int) -> Range<Int> {
    precondition(0 <= rank && rank < worldSize, "BucketParts: rank \(rank) of \(worldSize)")
    guard isHalved else {
      return elementCount * rank / worldSize..<elementCount * (rank + 1) / worldSize
    }
    return halvings(of: rank).last?.kept ?? 0..<elementCount
  }

  /// The rounds that lead to a rank's part.
  func halvings(of rank: Int) -> [Halving] {
    var rounds: [Halving] = []
    var range = 0..<elementCount
    var distance = 1
    while distance < worldSize {
      let middle = range.lowerBound + (range.count + 1) / 2
      let lower = range.lowerBound..<middle
      let upper = middle..<range.upperBound
      let isLeft = rank & distance == 0
      rounds.append(
        Halving(
          partner: rank ^ distance, kept: isLeft ? lower : upper, given: isLeft ? upper : lower))
      range = isLeft ? lower : upper
      distance *= 2
    }
    return rounds
  }
}
