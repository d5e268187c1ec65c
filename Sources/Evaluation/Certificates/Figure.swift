/// A figure, measured once or several times.
public struct Figure: Codable, Sendable, Equatable {
  /// What it is, such as `fid`.
  public var name: String
  /// Tokens of each image that were decoded; nil where no model was, or all the same.
  public var keptTokenCount: Int?
  /// The level that it is of, coarse to fine from 0; nil for one over all levels.
  public var level: Int?
  /// The values of all measurements, one a seed.
  public var values: [Double]

  /// A figure of one measurement.
  public init(_ name: String, _ value: Double, keptTokenCount: Int? = nil, level: Int? = nil) {
    (self.name, self.keptTokenCount, self.level) = (name, keptTokenCount, level)
    values = [value]
  }

  /// The mean over the measurements.
  public var mean: Double { values.reduce(0, +) / Double(values.count) }

  /// The deviation of the measurements with divisor n − 1; nil of a single one.
  public var deviation: Double? {
    guard values.count > 1 else { return nil }
    let mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// Whether its values, their mean and their deviation are finite numbers.
  var isFinite: Bool {
    values.allSatisfy(\.isFinite) && mean.isFinite && (deviation ?? 0).isFinite
  }

  /// What figures of two certificates are put beside each other by.
  var identity: String {
    name + (keptTokenCount.map { " of \($0) tokens" } ?? "") + (level.map { ", level \($0)" } ?? "")
  }

  private enum CodingKeys: String, CodingKey {
    case name
    case keptTokenCount = "kept_tokens"
    case level
    case values
    case mean
    case deviation
  }

  /// Reads a figure; its mean and deviation follow from its values, and are those that stand beside them.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    name = try fields.decode(String.self, forKey: .name)
    keptTokenCount = try fields.decodeIfPresent(Int.self, forKey: .keptTokenCount)
    level = try fields.decodeIfPresent(Int.self, forKey: .level)
    values = try fields.decode([Double].self, forKey: .values)
    guard !values.isEmpty else {
      throw DecodingError.dataCorruptedError(
        forKey: .values, in: fields, debugDescription: "the figure \(name) has no values")
    }
    guard isFinite else {
      throw DecodingError.dataCorruptedError(
        forKey: .values, in: fields,
        debugDescription: "the mean or the deviation of the figure \(name) is no finite number")
    }
    // Some digits of room for programs that sum in another order.
    let room = 1e-12 * (values.map(abs).max() ?? 0)
    for (key, own) in [(CodingKeys.mean, mean), (.deviation, deviation ?? 0)] {
      guard let stated = try fields.decodeIfPresent(Double.self, forKey: key),
        abs(stated - own) > room
      else { continue }
      throw DecodingError.dataCorruptedError(
        forKey: key, in: fields,
        debugDescription:
          "the figure \(name) has the \(key.stringValue) \(stated), its values have \(own)")
    }
  }

  /// Writes the figure with its mean and, of several measurements, their deviation.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(name, forKey: .name)
    try fields.encodeIfPresent(keptTokenCount, forKey: .keptTokenCount)
    try fields.encodeIfPresent(level, forKey: .level)
    try fields.encode(values, forKey: .values)
    try fields.encode(mean, forKey: .mean)
    try fields.encodeIfPresent(deviation, forKey: .deviation)
  }
}

/// A figure that was asked for and cannot be had.
public struct UnavailableFigure: Codable, Sendable, Equatable {
  /// What it is.
  public var name: String
  /// Why there is none.
  public var reason: String

  /// A figure that cannot be had.
  public init(_ name: String, _ reason: String) { (self.name, self.reason) = (name, reason) }
}
