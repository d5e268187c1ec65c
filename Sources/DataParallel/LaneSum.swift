/// Adds what the lanes of one rank deliver, in the canonical tree and as it comes.
///
/// The lanes are pushed in order; a sum is formed as soon as both its halves are there, so at most
/// ⌈log₂ n⌉ + 1 partial results are alive. What a rank's own lanes sum to is one subtree of the
/// global tree, which ``BucketOperation/canonicalSum(wire:)`` completes across ranks (``LanePlan/isBitIdentical``).
public struct LaneSum<Partial> {
  /// The number of lanes to come.
  public let laneCount: Int
  /// The number of lanes pushed so far.
  public private(set) var pushedCount = 0
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

  /// The number of partial results kept at the moment.
  public var partialCount: Int { partials.count }

  /// Takes the next lane's result and forms the sums that it completes.
  ///
  /// - Precondition: fewer than `laneCount` lanes were pushed.
  public mutating func push(_ partial: Partial) {
    let lane = pushedCount
    precondition(lane < laneCount, "LaneSum: more than \(laneCount) lanes were pushed")
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

  /// The sum of all lanes; afterwards the sum waits for the lanes of a next step.
  ///
  /// - Precondition: all `laneCount` lanes were pushed.
  public mutating func takeResult() -> Partial {
    precondition(
      pushedCount == laneCount, "LaneSum: \(pushedCount) of \(laneCount) lanes were pushed")
    pushedCount = 0
    return partials.removeLast()
  }
}
