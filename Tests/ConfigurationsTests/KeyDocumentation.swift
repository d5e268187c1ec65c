import Configurations

/// The tables of keys in a document: rows `| key | value | default | bits | meaning |`.
struct KeyDocumentation {
  /// What a row says.
  struct Row: Equatable {
    let expectation: String
    /// A dash for none.
    let defaultValue: String
    /// `yes` or `no`.
    let bits: String
    let meaning: String
  }

  /// The rows by section heading, each with its key.
  let rows: [String: [(path: String, row: Row)]]

  init(_ text: String) {
    var rows: [String: [(path: String, row: Row)]] = [:]
    var heading = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
      let cells = line.split(separator: "|").map { $0.trimmingPrefix(" ") }
      guard line.hasPrefix("| `"), cells.count == 5 else { continue }
      let texts = cells.map { String($0.reversed().drop { $0 == " " }.reversed()) }
      let row = Row(
        expectation: texts[1], defaultValue: texts[2], bits: texts[3], meaning: texts[4])
      rows[heading, default: []].append((texts[0].filter { $0 != "`" }, row))
    }
    self.rows = rows
  }

  /// A line for every key that the sections document wrongly, twice or not at all, and for every row
  /// whose key there is not.
  func differences(inSections headings: [String], from keys: [ConfigurationKey]) -> [String] {
    let documented = headings.flatMap { rows[$0] ?? [] }
    let unknown = documented.filter { row in !keys.contains { $0.path == row.path } }
    return unknown.map { "there is no key \($0.path)" }
      + keys.flatMap { key -> [String] in
        let found = documented.filter { $0.path == key.path }.map(\.row)
        guard found.count == 1, let row = found.first else {
          return ["\(key.path) has \(found.count) rows"]
        }
        return [
          (row.expectation, key.expectation), (row.defaultValue, key.defaultValue ?? "–"),
          (row.bits, key.changesResults ? "yes" : "no"),
        ].filter { $0 != $1 }.map { "\(key.path): \($0), but it is \($1)" }
      }
  }
}
