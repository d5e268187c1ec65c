import TestSupport
import Testing

/// The rules of citations on made-up texts.
@Suite struct CitationRuleTests {
  private let files = FileCitations(paths: [
    "README.md", "Docs", "Docs/Method.md", "Docs/Images", "Docs/Images/digits.png", "Launch",
    "Launch/test.sh", "Sources", "Sources/Layers", "Sources/Layers/Linear.swift", "Tests",
    "Tests/Fixtures", "Tests/Fixtures/make.py", "Configs", "Configs/bench",
  ])

  private func violationCount(_ path: String, _ text: String) -> Int {
    files.violations(of: RepositoryFile(path: path, text: text)).count
  }

  @Test(arguments: [
    "method.md", "Docs/method.md", "Docs/Missing.md", "../spec/method.md", "../golden/", "gone.py",
    "Launch/gone.sh", "Layers/Gone.swift", "Sources/Layers/Gone.swift", "Docs/Images/gone.png",
    "Layers/Reference", "Configs/gone", "research/notes.md",
  ])
  func filesThatAreNotThereAreNamed(name: String) {
    #expect(violationCount("Docs/A.md", "See `\(name)`.") == 1)
    #expect(violationCount("Docs/A.md", "[text](\(name)#part)") == 1)
    #expect(violationCount("Sources/Layers/A.swift", "let a = 1  // see \(name), section 2") == 1)
    #expect(violationCount("Launch/test.sh", "run\n# \(name): why") == 1)
    #expect(violationCount("Tests/Fixtures/make.py", "\"\"\"Uses \(name).\"\"\"") == 1)
  }

  @Test(arguments: [
    "Docs/Method.md", "../README.md", "Method.md", "README.md", "Launch/test.sh",
    "Layers/Linear.swift",
    "Sources/Layers", "Images/digits.png", "https://example.org/Docs/gone.md", "GFLOP/s",
    "e.g. a/b",
    "RUN/config.yaml", "Configs/bench/SIZE.yaml", "config.yaml", "CONFIG.md", "model.h5",
    "Fixtures/",
  ])
  func otherNamesPass(name: String) {
    #expect(violationCount("Docs/A.md", "See \(name), \(name).") == 0)
  }

  @Test func codeIsNotRead() {
    let quote = "\u{22}"
    #expect(violationCount("Sources/A/B.swift", "let a = \(quote)gone.md // gone.md\(quote)") == 0)
    #expect(violationCount("Launch/test.sh", "run gone.md ${#gone.md}") == 0)
    #expect(violationCount("Tests/Fixtures/A.swift", "/// make.py and Fixtures/make.py") == 0)
  }

  @Test func passagesAreParagraphsAndComments() {
    let document = RepositoryFile(path: "A.md", text: "one\ntwo\n\nthree")
    #expect(
      document.passages == [Passage(line: 1, text: "one two"), Passage(line: 4, text: "three")])
    let code = RepositoryFile(
      path: "A.swift",
      text: "let a = 1\n/// one,\n///two\n///\n  // three\nlet b = 2\nlet c = 3  // four")
    #expect(
      code.passages == [
        Passage(line: 2, text: "one, two"), Passage(line: 5, text: "three"),
        Passage(line: 7, text: "four"),
      ])
  }

  @Test func sectionsAndStepsThatAreNotThereAreNamed() {
    let method = RepositoryFile(
      path: "Docs/Method.md",
      text:
        "# Method\n\n## 1. Levels\n\ntext\n\n## 2. Encoder\n\n1. one\n2. two\n\n## Last\n\n3. no\n")
    let plain = RepositoryFile(path: "Docs/Data.md", text: "# Data\n\n## Rows\n")
    let rule = SectionCitations(documents: [method, plain])
    func violations(_ text: String, _ path: String = "Sources/A/B.swift") -> [String] {
      rule.violations(of: RepositoryFile(path: path, text: text))
    }
    for text in [
      "Docs/Method.md, section 2", "Docs/Method.md, sections 1 and 2",
      "(Docs/Method.md, section 2, step 2)",
      "Docs/Method.md, section\n/// 2, steps 1 and 2", "Keys 1981, section 9", "see section 7",
    ] {
      #expect(violations("/// \(text)") == [], "\(text)")
    }
    for text in [
      "Docs/Method.md, section 3", "Docs/Method.md, sections 1 to 3",
      "Docs/Method.md, section 1, step 1",
      "Docs/Method.md, section 2, step 3", "Docs/Method.md, section\n/// 4",
      "Docs/Data.md, section 1",
      "gone.md, section 1",
    ] {
      #expect(violations("/// \(text)").count == 1, "\(text)")
    }
    #expect(violations("[Method, section 2](Method.md)", "Docs/A.md") == [])
    #expect(violations("[Method, section 3](Method.md)", "Docs/A.md").count == 1)
    #expect(violations("as in section 2", "Docs/Method.md") == [])
    #expect(violations("as in section 3", "Docs/Method.md").count == 1)
  }
}
