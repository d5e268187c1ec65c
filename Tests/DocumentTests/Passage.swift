import Foundation
import TestSupport

/// A run of text for readers: a paragraph of a document or a comment.
struct Passage: Equatable {
  /// Its first line, counted from 1.
  let line: Int
  /// The text, its lines joined by spaces.
  let text: String
}

extension RepositoryFile {
  /// The paragraphs of a document or of a Python file, the comments of any other.
  var passages: [Passage] {
    var passages: [Passage] = []
    var (firstLine, words) = (0, [Substring]())
    func finish() {
      if !words.isEmpty {
        passages.append(Passage(line: firstLine, text: words.joined(separator: " ")))
      }
      words = []
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let prose = prose(of: line)
      guard let prose, !prose.isEmpty else {
        finish()
        continue
      }
      if words.isEmpty { firstLine = index + 1 }
      words.append(prose)
    }
    finish()
    return passages
  }

  /// What a line tells its readers; nil when it is all code.
  private func prose(of line: Substring) -> Substring? {
    let prose: Substring? =
      switch ending {
      case "md", "py": line
      case "sh", "yaml": comment(of: line, after: "#")?.drop { $0 == "#" }
      default: comment(of: line, after: "//")?.drop { $0 == "/" }
      }
    return prose.map { $0.drop { $0 == " " } }
  }

  /// What follows a mark that stands outside quotes, at the beginning or after a space.
  private func comment(of line: Substring, after mark: String) -> Substring? {
    var searched = line[...]
    while let range = searched.range(of: mark) {
      let before = line[..<range.lowerBound]
      if (before.last ?? " ") == " "
        && before.utf8.count(where: { $0 == UInt8(ascii: "\"") }) % 2 == 0
      {
        return line[range.lowerBound...]
      }
      searched = line[range.upperBound...]
    }
    return nil
  }
}
