import ArrayFiles
import Foundation
public import Reporting

/// The rows of a search, and the best of them.
public struct GuidanceTable: CommandReport, Equatable {
  /// The folder of the search.
  public let folder: String
  /// The rows, in the order of the search.
  public var rows: [GuidanceRow]

  /// The settings of the search, those that are still to be measured among them.
  public let plannedCount: Int

  /// A table of some rows; of all where nothing is said about the plan.
  package init(folder: String, rows: [GuidanceRow], plannedCount: Int? = nil) {
    (self.folder, self.rows) = (folder, rows)
    self.plannedCount = plannedCount ?? rows.count
  }

  /// The row of the least mean FID among those that are there, the first of several.
  public var best: GuidanceRow? {
    rows.filter { $0.mean("fid") != nil }.min { ($0.mean("fid") ?? 0) < ($1.mean("fid") ?? 0) }
  }

  private enum CodingKeys: String, CodingKey {
    case folder
    case plannedCount = "settings_planned"
    case measuredCount = "settings_measured"
    case rows
    case best
  }

  /// How many settings there are and how many are measured, the rows, and the best of them by itself.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(plannedCount, forKey: .plannedCount)
    try fields.encode(rows.count, forKey: .measuredCount)
    try fields.encode(rows, forKey: .rows)
    try fields.encodeIfPresent(best, forKey: .best)
  }

  /// Writes `table.csv`, `table.json` and `plot.png`.
  ///
  /// - Throws: `FileError`; `ImageError`.
  package func write() throws {
    try AtomicFile.write(try JSONText.file(of: self), to: folder + "/table.json")
    try AtomicFile.write(Array(commaSeparated.utf8), to: folder + "/table.csv")
    let series = Dictionary(grouping: rows) { row in
      GuidanceRow.seriesNames.map { "\($0)=\(row.facts[$0] ?? "")" }.joined(separator: ";")
    }
    let plot = PointPlot(
      series: series.sorted { $0.key < $1.key }.map { _, rows in
        rows.compactMap { row in
          guard let x = row.facts["guidance"].flatMap({ Double($0) }), let y = row.mean("fid")
          else {
            return nil
          }
          return PointPlot.Point(x: x, y: y)
        }
      })
    try AtomicFile.write(
      try plot.picture.pngBytes(name: folder + "/plot.png"), to: folder + "/plot.png")
  }

  /// A line a row: its facts by name, then each figure and, of several seeds, its deviation.
  private var commaSeparated: String {
    let facts = Set(rows.flatMap(\.facts.keys)).sorted()
    let figures = rows.reduce(into: [String]()) { names, row in
      names += row.figures.map(\.name).filter { !names.contains($0) }
    }
    let header =
      facts.map { "setting:\($0)" } + figures.flatMap { [$0, "\($0)_deviation"] }
    let lines = rows.map { row in
      facts.map { row.facts[$0] ?? "" }
        + figures.flatMap { name -> [String] in
          let figure = row.figures.first { $0.name == name }
          return [figure.map { "\($0.mean)" } ?? "", figure?.deviation.map { "\($0)" } ?? ""]
        }
    }
    return ([header] + lines).map { fields in
      fields.map(Self.quoted).joined(separator: ",") + "\n"
    }.joined()
  }

  /// A field as RFC 4180 has it.
  private static func quoted(_ field: String) -> String {
    guard field.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }

  /// The best row in words.
  public var description: String {
    guard let best else { return "\(folder): no row has a FID" }
    guard rows.count < plannedCount else {
      return "\(folder): \(rows.count) rows; least FID: \(best)"
    }
    return "\(folder): \(rows.count) of \(plannedCount) rows; least FID of these: \(best)"
  }
}

extension GuidanceRow: CustomStringConvertible {
  /// The facts that rows of one line of the plot have in common.
  static let seriesNames = [
    "schedule", "start", "end", "peak", "floor", "progress", "greedy", "temperature", "top_k",
    "top_p",
  ]

  /// The settings of guidance and choice, and the figures, in one line.
  public var description: String {
    let settings = (["guidance"] + Self.seriesNames).compactMap { name in
      facts[name].map { "\(name)=\($0)" }
    }
    let values = figures.map { figure in
      let deviation = figure.deviation.map { String(format: " ± %.3g", $0) } ?? ""
      return "\(figure.name) " + String(format: "%.5g", figure.mean) + deviation
    }
    return settings.joined(separator: " ") + ": " + values.joined(separator: ", ")
  }
}
