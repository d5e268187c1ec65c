import Configurations
import TestSupport
import Testing

/// Docs/Configuration.md against the schemas, and the schemas against the code that they serve.
@Suite struct DocumentedKeysTests {
  private static let kinds: [(keys: [ConfigurationKey], heading: String)] = [
    (TokenizerRunConfiguration.schema.keys, "2. Tokenizer"),
    (GeneratorRunConfiguration.schema.keys, "3. Generator"),
  ]

  private func documentation() throws -> KeyDocumentation {
    KeyDocumentation(try Repository.text(of: "Docs/Configuration.md"))
  }

  @Test func everyKeyIsDocumentedAndNoOther() throws {
    let documentation = try documentation()
    for (keys, heading) in Self.kinds {
      #expect(keys.count > 40)
      #expect(
        documentation.differences(inSections: ["1. Both kinds", heading], from: keys) == [])
    }
  }

  /// A document may say of a key that it has no effect yet, but then nothing may read it.
  @Test func everyKeyHasTheEffectThatIsDocumented() throws {
    let files = try Repository.files(endings: ["swift"]).filter {
      $0.path.hasPrefix("Sources/") && !$0.path.hasPrefix("Sources/Configurations/")
    }
    let use = KeyUse(files: files)
    let rows = try documentation().rows.values.flatMap { $0 }
    let idle = Set(rows.filter { $0.row.meaning.hasPrefix("no effect yet") }.map(\.path))
    for key in Self.kinds.flatMap(\.keys) {
      #expect(use.isRead(key) == !idle.contains(key.path), "\(key.path) (\(key.property ?? ""))")
    }
  }

  @Test func keysThatAreDocumentedWronglyAreNamed() {
    func key(_ path: String, default value: String? = nil) -> ConfigurationKey {
      ConfigurationKey(path: path, expectation: "a size", defaultValue: value, property: nil)
    }
    let documentation = KeyDocumentation(
      """
      ## A
      | key | value | default | bits | meaning |
      |---|---|---|---|---|
      | `steps` | a size | – | yes | text |
      | `log.every` | a size | 5 | no | text |
      ## B
      | `other` | a size | – | yes | text |
      """)
    let keys = [key("steps"), key("log.every", default: "5")]
    func differenceCount(_ keys: [ConfigurationKey], _ headings: [String] = ["A"]) -> Int {
      documentation.differences(inSections: headings, from: keys).count
    }
    #expect(differenceCount(keys) == 0)
    #expect(differenceCount(keys + [key("gone")]) == 1)
    #expect(differenceCount([keys[0]]) == 1)
    #expect(differenceCount(keys, ["A", "B"]) == 1)
    #expect(differenceCount(keys, ["A", "A"]) == 2)
    #expect(differenceCount([keys[0], key("log.every")]) == 1)
    #expect(differenceCount([key("steps", default: "1"), keys[1]]) == 1)
    let other = ConfigurationKey(
      path: "steps", expectation: "a word", defaultValue: nil, property: nil)
    #expect(differenceCount([other, keys[1]]) == 1)
  }

  @Test(arguments: [
    ("let a = settings.deadlines.save", true), ("f(deadlines.save)", true),
    ("let text = \"\\(deadlines.save) seconds\"", true), ("// deadlines.save", false),
    ("let text = \"raise deadlines.save\"", false), ("deadlines.saved = 1", false),
    ("otherdeadlines.save", false), ("execution.save", false), ("", false),
  ])
  func aKeyThatNothingReadsIsDead(code: String, isRead: Bool) {
    let key = ConfigurationKey(
      path: "deadlines.save", expectation: "a number", defaultValue: nil,
      property: "training.execution.deadlines.save")
    let file = RepositoryFile(path: "Sources/A/B.swift", text: "let b = 1\n\(code)\n")
    #expect(KeyUse(files: [file]).isRead(key) == isRead)
  }

  @Test func theKeyOfEarlierVersionsIsPassedOver() throws {
    let text = ConfigurationTexts.tokenizer
    let configuration = try TokenizerRunConfiguration(yaml: text)
    let old = try TokenizerRunConfiguration(yaml: text + "reader: coordinator\n")
    #expect(old == configuration)
    #expect(old.digest == configuration.digest)
    #expect(!old.yaml.contains("reader"))
    #expect(
      ConfigurationTexts.tokenizerProblems(overrides: ["reader=every-rank"]) == [
        "reader (command line): the key is gone, and every run works as with coordinator: remove it"
      ])
  }
}
