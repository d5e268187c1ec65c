import ArrayFiles
import Foundation
import Reporting

/// Progress and remaining time of long work.
///
/// A line that rewrites itself on a terminal, and a plain line now and then elsewhere. It goes to
/// the errors, so that the output stays clean.
struct ProgressLine {
  private let what: String
  private var start = Date()
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var lastTime = Date()
  private var hasShown = false

  /// Begins to count; `what` names the things that are counted, such as "images packed".
  init(_ what: String) {
    self.what = what
  }

  /// Shows how far the work is, unless it was shown a moment ago; 0 begins to count anew.
  mutating func show(_ doneCount: Int, of count: Int) {
    let now = Date()
    guard doneCount > 0 else {
      start = now
      return
    }
    guard now.timeIntervalSince(lastTime) >= (isTerminal ? 0.2 : 10) else { return }
    lastTime = now
    hasShown = true
    let elapsed = now.timeIntervalSince(start)
    let left = elapsed / Double(max(doneCount, 1)) * Double(count - doneCount)
    let rate = String(format: "%.4g", Double(doneCount) / elapsed)
    let text =
      "\(doneCount) of \(count) \(what), \(rate) a second, \(Int(left.rounded(.up))) s left"
    StandardStream.error.writeIfPossible(isTerminal ? "\r\u{1B}[K" + text : text + "\n")
  }

  /// Clears the line.
  func finish() {
    if isTerminal && hasShown { StandardStream.error.writeIfPossible("\r\u{1B}[K") }
  }
}

/// Prints a part of a command's answer; takes the place of the library's function in this program.
///
/// Control characters in it are made visible. A loss does not end the command: the program tells it
/// in the end, by its status.
func print(_ item: Any, terminator: String = "\n") {
  StandardStream.output.writeIfPossible(VisibleText.lines("\(item)") + terminator)
}

/// Tells of something that the user would want to know beside the result.
func warn(_ text: String) {
  StandardStream.error.writeIfPossible("warning: \(VisibleText.lines(text))\n")
}

/// Prints what a command found, for people or as one line of JSON.
func show(_ report: some CommandReport, asJSON: Bool) throws {
  if asJSON { try printJSON(report) } else { print(report) }
}

/// Prints figures as one line of JSON, with names in snake case; those that have underscores stay.
func printJSON(_ figures: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .custom { JSONKey(stringValue: JSONKey.name(of: $0.last)) }
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  let text = String(decoding: try encoder.encode(figures), as: UTF8.self)
  StandardStream.output.writeIfPossible(VisibleText.json(text) + "\n")
}

/// A key of printed JSON.
private struct JSONKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }

  init?(intValue: Int) { nil }

  /// The name in snake case.
  static func name(of key: (any CodingKey)?) -> String {
    guard let name = key?.stringValue, !name.contains("_") else { return key?.stringValue ?? "" }
    return name.reduce(into: "") { text, character in
      if character.isUppercase && text.last?.isUppercase == false { text += "_" }
      text += character.lowercased()
    }
  }
}
