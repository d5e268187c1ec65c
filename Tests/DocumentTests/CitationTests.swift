import TestSupport
import Testing

/// What comments and documents cite is there.
@Suite struct CitationTests {
  /// Everything that is written for readers.
  private static func files() throws -> [RepositoryFile] {
    try Repository.files(endings: ["md", "swift", "c", "h", "py", "sh", "yaml"])
  }

  @Test func everyFileThatIsNamedIsThere() throws {
    let rule = FileCitations(paths: try Repository.paths())
    let files = try Self.files()
    let citationCount = files.reduce(0) { count, file in
      count + file.passages.reduce(0) { $0 + rule.citations(in: $1).count }
    }
    #expect(citationCount > 100)
    #expect(files.flatMap(rule.violations) == [])
  }

  @Test func everySectionThatIsNamedIsThere() throws {
    let rule = SectionCitations(documents: try Repository.files(endings: ["md"]))
    let files = try Self.files()
    let citationCount = files.reduce(0) { count, file in
      count + file.passages.reduce(0) { $0 + rule.citations(in: $1, of: file).count }
    }
    #expect(citationCount > 40)
    #expect(files.flatMap(rule.violations) == [])
  }
}
