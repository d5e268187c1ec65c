import Foundation

/// What a command prints at its end: sentences for people, one line of JSON for programs.
public struct CommandReport: Sendable, Equatable, CustomStringConvertible {
  /// The text for people.
  public let description: String
  /// The figures by name, in order.
  private let figures: [(name: String, value: MetricValue)]

  package init(_ description: String, _ figures: [(name: String, value: MetricValue)]) {
    self.description = description
    self.figures = figures
  }

  /// The figures as one line of JSON.
  public var json: String {
    let fields = figures.map { "\"\($0.name)\": \($0.value.json)" }
    return "{" + fields.joined(separator: ", ") + "}"
  }

  /// Whether two reports say the same.
  public static func == (left: CommandReport, right: CommandReport) -> Bool {
    left.description == right.description && left.json == right.json
  }
}
