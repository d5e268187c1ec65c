/// A figure with its name: of a lane, a share of a global sum; of a step, the sum over all lanes.
public struct Metric: Sendable, Equatable {
  /// The name in `metrics.jsonl`.
  public let name: String
  /// The value.
  public var value: Double

  /// Names a value.
  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}
