/// The replicas no longer hold, or no longer do, the same.
public struct ReplicaDivergence: Error, Sendable, CustomStringConvertible {
  /// What was compared.
  public enum Quantity: String, Sendable {
    /// The number of the step a rank reports about.
    case step
    /// The digest of a rank's replica: weights, moments, moving averages and buffers.
    case digest
    /// The size of a rank's report: its lanes, its metrics, whether it has a digest.
    case reportSize = "report size"
    /// The digest of the names of the metrics that a rank reports.
    case metricNames = "metric names"
    /// The digest of the codes that a rank puts back into use, and of the tokens that they follow.
    case revivedCodes = "revived codes"
  }

  /// What was compared.
  public let quantity: Quantity
  /// The step in which the difference was found, as this rank counts.
  public let step: Int
  /// What each rank holds, by rank.
  public let values: [UInt64]
  /// The host of each rank.
  public let hostNames: [String]

  /// Compares what the ranks hold; nil when all agree.
  package init?(quantity: Quantity, step: Int, values: [UInt64], hostNames: [String]) {
    guard Set(values).count > 1 else { return nil }
    self.quantity = quantity
    self.step = step
    self.values = values
    self.hostNames = hostNames
  }

  /// The ranks by what they hold: the largest group first, of equal ones that of the lowest rank.
  public var groups: [(value: UInt64, ranks: [Int])] {
    Dictionary(grouping: values.indices) { values[$0] }
      .map { (value: $0.key, ranks: $0.value) }
      .sorted { ($1.ranks.count, $0.ranks[0]) < ($0.ranks.count, $1.ranks[0]) }
  }

  /// The ranks that differ from more than half of all; empty when no such majority exists.
  public var divergedRanks: [Int] {
    let groups = groups
    guard groups[0].ranks.count * 2 > values.count else { return [] }
    return groups.dropFirst().flatMap(\.ranks).sorted()
  }

  /// Which ranks on which hosts differ, what every group holds, and what to do.
  public var description: String {
    func name(_ ranks: [Int]) -> String {
      ranks.map { "rank \($0) (host \(hostNames[$0]))" }.joined(separator: ", ")
    }
    func text(_ value: UInt64) -> String {
      switch quantity {
      case .digest, .metricNames, .revivedCodes: "0x" + String(value, radix: 16)
      case .step, .reportSize: String(value)
      }
    }
    let held = groups.map { "\(text($0.value)) on \(name($0.ranks))" }.joined(separator: "; ")
    let culprits =
      divergedRanks.isEmpty
      ? "the ranks disagree and no majority says who is right"
      : "\(name(divergedRanks)) diverged from the other ranks"
    let advice =
      quantity == .digest || quantity == .revivedCodes
      ? "Resume from the last checkpoint; if the same host is named again, take it out of the run "
        + "(its memory or processor computes wrong)."
      : "The ranks must run the same program with the same configuration; compare them."
    return "step \(step): \(culprits). \(quantity.rawValue): \(held). \(advice)"
  }
}
