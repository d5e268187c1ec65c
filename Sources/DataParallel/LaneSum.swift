/// Adds what the lanes of one rank deliver, in the canonical tree and as it comes.
///
/// All lanes but the last are pushed in order; a sum is formed as soon as both its halves are there,
/// so at most ⌈log₂ n⌉ + 1 partial results are alive, the last lane's included. That one's sums are
/// made where its own result becomes ready, by whoever takes the waiting ones. What a rank's own lanes
/// sum to is one subtree of the global tree, which ``BucketOperation/canonicalSum(wire:)`` completes
/// across ranks (``LanePlan/isBitIdentical``).
public struct LaneSum<Partial> {
  private let laneCount: Int
  private var pushedCount = 0
  private var partials: [Partial] = []
  private let add: (_ left: inout Partial, _ right: Partial) -> Void

  /// Makes a sum that waits for its lanes.
  ///
  /// - Parameters:
  ///   - laneCount: The number of lanes to sum.
  ///   - add: Adds the right partial result to the left one, in place; the right one is not used
  ///     again, so its memory may serve the next lane.
  /// - Precondition: `laneCount` is positive.
  public init(laneCount: Int, add: @escaping (_ left: inout Partial, _ right: Partial) -> Void) {
    precondition(laneCount > 0, "LaneSum: \(laneCount) lanes")
    self.laneCount = laneCount
    self.add = add
  }

  /// Takes the next lane's result and forms the sums that it completes.
  ///
  /// - Precondition: the lane is not the last one.
  public mutating func push(_ partial: Partial) {
    let lane = pushedCount
    precondition(
      lane < laneCount - 1, "LaneSum: the last of \(laneCount) lanes, or one more, was pushed")
    partials.append(partial)
    pushedCount += 1
    for _ in 0..<CanonicalTree.joinCount(afterLeaf: lane, of: laneCount) {
      let right = partials.removeLast()
      add(&partials[partials.count - 1], right)
    }
  }

  /// The partial results that wait for the last lane, from left to right.
  ///
  /// Who takes them makes the last lane's sums: from the right, each partial result plus what is to
  /// its right. Afterwards the sum waits for the lanes of a next step.
  ///
  /// - Precondition: all lanes but the last were pushed.
  public mutating func takeWaiting() -> [Partial] {
    precondition(
      pushedCount == laneCount - 1,
      "LaneSum: \(pushedCount) of \(laneCount) lanes were pushed, not all but one")
    pushedCount = 0
    defer { partials.removeAll() }
    return partials
  }
}
