public import Reporting

/// One line of `metrics.jsonl`: the figures of a step.
///
/// The keys stand in the order in which they were set, after `kind` and `step`. Figures of the clock
/// are named `seconds…`, `…_per_second` or `…_utilization`: they are all that may differ between two runs of the same
/// configuration.
public struct MetricsRecord: Sendable {
  /// What the figures are about, such as `train` or `evaluation`.
  public let kind: String
  /// The number of finished training steps.
  public let step: Int
  private var fields: [(name: String, value: MetricValue)] = []

  /// Makes a record without figures.
  ///
  /// - Precondition: `step` is not negative.
  public init(kind: String, step: Int) {
    precondition(step >= 0, "MetricsRecord: step \(step) is negative")
    self.kind = kind
    self.step = step
  }

  /// The figure of a name; set to nil, it is left out.
  ///
  /// - Precondition: The name set is neither `kind` nor `step`.
  public subscript(name: String) -> MetricValue? {
    get { fields.first { $0.name == name }?.value }
    set {
      precondition(
        name != "kind" && name != "step", "MetricsRecord: '\(name)' is set by the initialiser")
      let index = fields.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): fields[index].value = value
      case (let index?, nil): fields.remove(at: index)
      case (nil, let value?): fields.append((name, value))
      case (nil, nil): break
      }
    }
  }

  /// The record as one line of JSON, without the line break.
  public var line: String {
    let all = [("kind", .text(kind)), ("step", .integer(step))] + fields
    return "{" + all.map { "\(jsonString($0.0)):\($0.1.json)" }.joined(separator: ",") + "}"
  }

  /// Whether a figure of this name comes from the clock.
  public static func isWallClock(_ name: String) -> Bool {
    name.hasPrefix("seconds") || name.hasSuffix("_per_second") || name.hasSuffix("_utilization")
  }
}
