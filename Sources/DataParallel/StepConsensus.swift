import Kernels
public import MessagePassing

/// The one small exchange of a step in which the ranks agree on everything but the gradients.
///
/// Every rank hands in its lanes' sums and its flags and gets those of all. Because the lanes' sums
/// themselves travel and are added in lane order on arrival, the result has the same bits on any
/// number of ranks; and because every rank sees every digest, a replica that differs is named
/// without asking further. Traffic: the size of all reports, in ⌈log₂ p⌉ rounds; tokens, which travel
/// along so that figures of them need no exchange of their own, take 2 bytes each.
public struct StepConsensus: Sendable {
  /// The lanes and ranks.
  public let plan: LanePlan
  private let communicator: Communicator

  /// Makes the exchange for a run.
  ///
  /// - Parameters:
  ///   - plan: Which rank runs which lanes.
  ///   - communicator: The ranks of the plan.
  /// - Precondition: plan and communicator have the same number of ranks.
  public init(plan: LanePlan, communicator: Communicator) {
    precondition(
      plan.worldSize == communicator.worldSize,
      "StepConsensus: a plan for \(plan.worldSize) ranks on \(communicator.worldSize)")
    self.plan = plan
    self.communicator = communicator
  }

  /// Agrees with all ranks about a step.
  ///
  /// Collective: every rank, once a step.
  ///
  /// - Parameters:
  ///   - step: The step, alike on all ranks.
  ///   - lanes: The reports of this rank's lanes, in lane order.
  ///   - isFinite: Whether this rank's numbers are finite.
  ///   - isStopRequested: Whether this rank was asked to stop.
  ///   - digest: The digest of this rank's replica, in the steps in which it is compared.
  /// - Returns: What all ranks know alike.
  /// - Throws: ``ReplicaDivergence`` naming the ranks that differ, on all ranks alike;
  ///   `MessagePassingError`.
  /// - Precondition: one report for each of this rank's lanes, all with the same metrics and as many
  ///   tokens.
  public func agree(
    step: Int, lanes: [LaneReport], isFinite: Bool, isStopRequested: Bool, digest: UInt64? = nil
  ) throws -> StepAgreement {
    precondition(
      lanes.count == plan.lanesPerRank,
      "agree: \(lanes.count) reports for \(plan.lanesPerRank) lanes")
    let metricNames = lanes[0].metrics.map(\.name)
    precondition(
      Set(metricNames).count == metricNames.count,
      "agree: metric names \(metricNames) are not distinct")
    for lane in lanes {
      precondition(
        lane.metrics.map(\.name) == metricNames,
        "agree: metrics \(lane.metrics.map(\.name)) beside \(metricNames)")
      precondition(
        lane.tokens.count == lanes[0].tokens.count,
        "agree: \(lane.tokens.count) tokens beside \(lanes[0].tokens.count)")
    }
    let report = RankReport(
      step: step, isFinite: isFinite, isStopRequested: isStopRequested, digest: digest,
      lanes: lanes)
    let rows = try communicator.allGather(report.words)
    try compare(.reportSize, step, rows.map { UInt64($0.count) })
    // The first word of all: without the same names the rest cannot be told apart.
    try compare(.metricNames, step, rows.map { $0[0] })
    let reports = rows.map {
      RankReport(
        words: $0, metricNames: metricNames, laneCount: lanes.count,
        tokenCountPerLane: lanes[0].tokens.count)
    }
    try compare(.step, step, reports.map { UInt64(bitPattern: Int64($0.step)) })
    // A rank without a digest differs in size, so either all have one or none.
    try compare(.digest, step, reports.map { $0.digest ?? 0 })
    return StepAgreement(
      step: step, lanes: reports.flatMap(\.lanes), isFinite: reports.allSatisfy(\.isFinite),
      isStopRequested: reports.contains { $0.isStopRequested })
  }

  /// Compares the digests of the ranks' replicas outside of a step's exchange.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - digest: The digest of this rank's replica.
  ///   - step: The step that the error names.
  /// - Throws: ``ReplicaDivergence`` naming the ranks that differ, on all ranks alike;
  ///   `MessagePassingError`.
  public func compare(digest: UInt64, step: Int) throws {
    try compare(.digest, step, communicator.allGather([digest]).map { $0[0] })
  }

  private func compare(
    _ quantity: ReplicaDivergence.Quantity, _ step: Int, _ values: [UInt64]
  ) throws {
    if let divergence = ReplicaDivergence(
      quantity: quantity, step: step, values: values, hostNames: communicator.hostNames)
    {
      throw divergence
    }
  }
}

/// One rank's part of the exchange and its form on the wire, words of 64 bits:
/// the digest of the metrics' names, step, flags, the lanes' numbers, their tokens, four in a word, and
/// last the digest if there is one.
private struct RankReport {
  var step: Int
  var isFinite: Bool
  var isStopRequested: Bool
  var digest: UInt64?
  var lanes: [LaneReport]

  private static let finiteFlag: UInt64 = 1
  private static let stopFlag: UInt64 = 2
  private static let digestFlag: UInt64 = 4

  init(
    step: Int, isFinite: Bool, isStopRequested: Bool, digest: UInt64?, lanes: [LaneReport]
  ) {
    self.step = step
    self.isFinite = isFinite
    self.isStopRequested = isStopRequested
    self.digest = digest
    self.lanes = lanes
  }

  var words: [UInt64] {
    var flags: UInt64 = isFinite ? Self.finiteFlag : 0
    if isStopRequested { flags |= Self.stopFlag }
    if digest != nil { flags |= Self.digestFlag }
    let numbers = lanes.flatMap { [$0.lossSum, $0.sampleCount] + $0.metrics.map(\.value) }
    let names = (lanes.first?.metrics ?? []).map(\.name).joined(separator: ",")
    let head = [
      Kernels.digest(of: names.utf8.map(UInt64.init)), UInt64(bitPattern: Int64(step)), flags,
    ]
    return head + numbers.map(\.bitPattern) + Self.packed(lanes.flatMap(\.tokens))
      + (digest.map { [$0] } ?? [])
  }

  /// Four tokens in a word, the first one lowest.
  private static func packed(_ tokens: [UInt16]) -> [UInt64] {
    stride(from: 0, to: tokens.count, by: 4).map { start in
      tokens[start..<min(start + 4, tokens.count)].reversed().reduce(0) { $0 << 16 | UInt64($1) }
    }
  }

  init(words: [UInt64], metricNames: [String], laneCount: Int, tokenCountPerLane: Int) {
    step = Int(Int64(bitPattern: words[1]))
    let flags = words[2]
    isFinite = flags & Self.finiteFlag != 0
    isStopRequested = flags & Self.stopFlag != 0
    let hasDigest = flags & Self.digestFlag != 0
    digest = hasDigest ? words.last : nil
    let numberCountPerLane = 2 + metricNames.count
    let numbers = words[3..<3 + laneCount * numberCountPerLane].map { Double(bitPattern: $0) }
    let packed = words[(3 + numbers.count)...]
    let tokens = (0..<laneCount * tokenCountPerLane).map { index in
      UInt16(truncatingIfNeeded: packed[packed.startIndex + index / 4] >> (16 * (index % 4)))
    }
    lanes = (0..<laneCount).map { lane in
      let start = lane * numberCountPerLane
      return LaneReport(
        lossSum: numbers[start], sampleCount: numbers[start + 1],
        metrics: zip(metricNames, numbers[(start + 2)...]).map { Metric($0, $1) },
        tokens: Array(tokens[lane * tokenCountPerLane..<(lane + 1) * tokenCountPerLane]))
    }
  }
}
