/// Which rank runs which lanes of a step.
///
/// A lane is a micro-batch with a fixed place: a fixed slice of the global batch that runs forward
/// and backward by itself, on whichever rank. What other programs call gradient accumulation is a
/// rank running several of them. Rank r of p runs the r-th of p contiguous blocks of lanes, one lane after the other, so that the number of
/// ranks changes who computes and never what is computed.
public struct LanePlan: Sendable, Equatable {
  /// The number of lanes of a step.
  public let laneCount: Int
  /// The number of ranks, a divisor of the number of lanes.
  public let worldSize: Int

  /// Makes the plan.
  ///
  /// - Throws: ``LanePlanError`` when the ranks cannot share the lanes evenly.
  /// - Precondition: both counts are positive.
  public init(laneCount: Int, worldSize: Int) throws(LanePlanError) {
    precondition(
      laneCount > 0 && worldSize > 0,
      "LanePlan: \(laneCount) lanes on \(worldSize) ranks; both must be positive")
    guard Self.canShare(laneCount: laneCount, worldSize: worldSize) else {
      throw LanePlanError(laneCount: laneCount, worldSize: worldSize)
    }
    self.laneCount = laneCount
    self.worldSize = worldSize
  }

  /// The number of lanes each rank runs.
  public var lanesPerRank: Int { laneCount / worldSize }

  /// Whether the sums of this plan have the bits of the same lanes on one rank.
  ///
  /// True exactly when the number of ranks is a power of two (dividing the lanes, as it must): only
  /// then are the blocks of lanes whole subtrees of the canonical tree, which halves the lanes.
  /// Another divisor gives all ranks equal bits, but bits of its own.
  public var isBitIdentical: Bool { CanonicalTree.hasWholeSubtrees(blockCount: worldSize) }

  /// Whether ranks can share lanes evenly.
  fileprivate static func canShare(laneCount: Int, worldSize: Int) -> Bool {
    laneCount.isMultiple(of: worldSize)
  }

  /// The lanes of one rank, in the order in which it runs them.
  public func lanes(of rank: Int) -> Range<Int> {
    precondition(0 <= rank && rank < worldSize, "lanes: rank \(rank) of \(worldSize)")
    return rank * lanesPerRank..<(rank + 1) * lanesPerRank
  }

  /// The rank that runs one lane.
  public func rank(of lane: Int) -> Int {
    precondition(0 <= lane && lane < laneCount, "rank: lane \(lane) of \(laneCount)")
    return lane / lanesPerRank
  }
}

/// A number of ranks that does not divide the lanes.
public struct LanePlanError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The number of lanes of the configuration.
  public let laneCount: Int
  /// The number of ranks of the run.
  public let worldSize: Int

  /// The numbers of ranks that do divide the lanes, ascending.
  public var allowedWorldSizes: [Int] {
    (1...laneCount).filter { LanePlan.canShare(laneCount: laneCount, worldSize: $0) }
  }

  /// What does not fit, and the numbers that do.
  public var description: String {
    func list(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: ", ") }
    let identical = allowedWorldSizes.filter(CanonicalTree.hasWholeSubtrees)
    return "\(laneCount) lanes cannot be shared evenly by \(worldSize) ranks: start "
      + "`mpirun -np N` with N one of \(list(allowedWorldSizes)) (bit-identical results with "
      + "\(list(identical))), or change batch.lanes to a multiple of \(worldSize)."
  }
}
