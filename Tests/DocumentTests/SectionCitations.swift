import Foundation
import TestSupport

/// Finds citations of sections and steps that a document does not have.
struct SectionCitations {
  /// For each document with numbered headings, such as `Method`, the steps of each section.
  private var documents: [String: [Int: Set<Int>]] = [:]

  /// Reads the numbered headings, `## 3. …`, and below each the numbered steps, `2. …`.
  init(documents files: [RepositoryFile]) {
    for file in files {
      var sections: [Int: Set<Int>] = [:]
      var current: Int?
      for line in file.text.split(separator: "\n") {
        if line.hasPrefix("#") {
          current = line.prefixMatch(of: #/## (\d+)\. /#).flatMap { Int($0.1) }
          if let current { sections[current] = [] }
        } else if let current, let step = line.prefixMatch(of: #/(\d+)\. /#).flatMap({ Int($0.1) })
        {
          sections[current]?.insert(step)
        }
      }
      if !sections.isEmpty { documents[Self.name(of: file)] = sections }
    }
  }

  private static func name(of file: RepositoryFile) -> String {
    file.path.split(separator: "/").last.map { String($0.prefix { $0 != "." }) } ?? ""
  }

  /// A citation: the document, the sections and the steps of them.
  struct Citation: Equatable {
    let document: String
    let sections: [Int]
    let steps: [Int]
  }

  /// The citations in a passage of a file; a numbered document means itself where it names none.
  func citations(in passage: Passage, of file: RepositoryFile) -> [Citation] {
    var citations: [Citation] = []
    var rest = passage.text[...]
    while let word = rest.range(of: "section") {
      let before = rest[..<word.lowerBound]
      let after = rest[word.lowerBound...]
      rest = rest[word.upperBound...]
      guard let list = after.prefixMatch(of: Self.list),
        let document = document(namedBy: before, of: file)
      else { continue }
      citations.append(
        Citation(
          document: document, sections: Self.numbers(list.1),
          steps: list.2.map(Self.numbers) ?? []))
    }
    return citations
  }

  /// `section 1`, `sections 1, 3 and 5` or `section 3, steps 2 to 4`.
  private static var list: Regex<(Substring, Substring, Substring?)> {
    /sections? (\d+(?:(?:,| and| to) \d+)*)(?:, steps? (\d+(?:(?:,| and| to) \d+)*))?/
  }

  /// The document whose sections are meant after a text that ends in its name, if it names one.
  private func document(namedBy text: Substring, of file: RepositoryFile) -> String? {
    let word = text.split(separator: " ").last ?? ""
    let name = word.split { !($0.isLetter || $0 == ".") }.last ?? ""
    if name.hasSuffix(".md") { return String(name.dropLast(3)) }
    if documents[String(name)] != nil { return String(name) }
    return documents[Self.name(of: file)] == nil ? nil : Self.name(of: file)
  }

  private static func numbers(_ text: Substring) -> [Int] {
    text.split { !$0.isNumber }.compactMap { Int($0) }
  }

  /// A line for every section or step that is cited and is not there.
  func violations(of file: RepositoryFile) -> [String] {
    file.passages.flatMap { passage in
      citations(in: passage, of: file).filter { !exists($0) }.map {
        "\(file.path):\(passage.line): \($0.document) has no section \($0.sections) with steps \($0.steps)"
      }
    }
  }

  private func exists(_ citation: Citation) -> Bool {
    let sections = documents[citation.document] ?? [:]
    return citation.sections.allSatisfy { sections[$0] != nil }
      && citation.steps.allSatisfy { step in
        citation.sections.contains { sections[$0]?.contains(step) == true }
      }
  }
}
