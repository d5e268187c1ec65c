import Configurations
import Foundation
import Testing

/// Texts that are made to exhaust memory, stack or time, and numbers that would overflow later.
@Suite struct YAMLLimitsTests {
  /// Nine lines that mean nine to the ninth power of values.
  private static let aliasBomb = """
    a: &a [x, x, x, x, x, x, x, x, x]
    b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
    c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]
    d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]
    e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
    f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
    g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f]
    h: &h [*g, *g, *g, *g, *g, *g, *g, *g, *g]
    i: &i [*h, *h, *h, *h, *h, *h, *h, *h, *h]

    """

  private func problems(_ yaml: String) -> [String] {
    ConfigurationTexts.problems { _ = try TokenizerRunConfiguration(yaml: yaml) }
  }

  @Test(arguments: [
    aliasBomb, aliasBomb + ConfigurationTexts.tokenizer, aliasBomb + "? *i\n: 1\n",
    "a: &-\n  b\nc: *-\n", "{\"a\":&x [1],\"b\":*x }",
  ])
  func aliasesAreRefused(yaml: String) {
    let found = problems(yaml)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("anchors (&name) and aliases (*name) are not read") == true)
  }

  @Test func charactersOfAliasesElsewhereAreText() throws {
    let text = ConfigurationTexts.tokenizer.replacingOccurrences(
      of: "name: example", with: "name: \"R&D 2*3 & 4 * 5\"")
    #expect(try TokenizerRunConfiguration(yaml: text).training.run.name == "R&D 2*3 & 4 * 5")
  }

  @Test func anOverridesAliasesAreRefused() {
    let found = ConfigurationTexts.tokenizerProblems(overrides: ["data.augment=[&a [1], *a]"])
    #expect(
      found == [
        "data.augment (command line): the value \"[&a [1], *a]\" is not YAML: expected key.path=value"
      ])
  }

  @Test(arguments: [40, 900, 1100, 200_000])
  func deepNestingIsRefused(depth: Int) {
    let brackets =
      "a: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(problems(brackets).count == 1)
    let sections = "a: " + String(repeating: "{b: ", count: depth / 4)
    #expect(problems(sections + String(repeating: "}", count: depth / 4)).count >= 1)
  }

  @Test func largeTextsAreRefused() {
    let comment = ConfigurationTexts.tokenizer + "# " + String(repeating: "x", count: 1 << 18)
    #expect(problems(comment).first?.contains("at most 262144") == true)
    let values = "a: [" + String(repeating: "1, ", count: 11_000) + "1]"
    #expect(problems(values) == ["line 1: more than 10000 values: is this another file?"])
  }

  @Test func manyKeysGivenTwiceEndInOneProblem() {
    let keys = (0..<5000).map { "k\($0 % 2500): 1\n" }.joined()
    #expect(problems(keys).count == 1)
  }

  @Test(arguments: [
    ("steps", "steps: 1000", "9223372036854775807"), ("steps", "steps: 1000", "1000000001"),
    ("schedule.warmup", "warmup: 50", "4611686018427387904"),
    ("checkpoint.every", "{every: 250", "9223372036854775807"),
    ("log.every", "{every: 20", "9223372036854775807"),
    ("log.images_every", "images_every: 250", "9223372036854775807"),
    ("evaluate.every", "", "9223372036854775807"), ("digest_every", "", "9223372036854775807"),
    ("deadlines.start", "", "1e300"), ("deadlines.step", "", "1e300"),
    ("deadlines.data", "", "1e10"), ("deadlines.save", "", "1000000001"),
    ("batch.lanes", "lanes: 8", "4611686018427387904"),
    ("batch.per_lane", "per_lane: 4", "4611686018427387904"),
    ("prefetch", "", "4611686018427387904"), ("threads", "", "4611686018427387904"),
    ("bucket_bytes", "", "4611686018427387904"),
    ("data.augment", "", "{crop: [1e-300, 1], flip: true}"),
  ])
  func numbersThatWouldOverflowLaterAreRefused(key: String, line: String, value: String) {
    let found = ConfigurationTexts.tokenizerProblems(overrides: ["\(key)=\(value)"])
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.hasPrefix(key) == true, "\(found)")
    guard !line.isEmpty else { return }
    let name = line.prefix { $0 != ":" }
    #expect(
      ConfigurationTexts.tokenizerProblems(replacing: line, with: "\(name): \(value)").count == 1)
  }

  @Test(arguments: [
    ["model.cnn.width=1048576", "model.image_size=16384"],
    ["model.encoder.width=1048576", "model.encoder.heads=1"],
    ["model.cnn.multipliers=[1024, 1024, 1024]", "model.cnn.width=1048576"],
    ["model.codebook.width=1048576", "model.codebook.size=65536"],
  ])
  func modelsBeyondCountingAreRefused(overrides: [String]) {
    let found = ConfigurationTexts.tokenizerProblems(overrides: overrides)
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.contains("weights and") == true, "\(found)")
  }

  @Test(arguments: [
    ["model.width=1048576"], ["model.vocabulary=65536", "model.width=131072"],
    ["model.hidden_multiple=1048576", "model.width=65536"],
    ["model.classes=1048576", "model.width=8192"],
  ])
  func generatorsBeyondCountingAreRefused(overrides: [String]) {
    let found = ConfigurationTexts.generatorProblems(overrides: overrides)
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.contains("weights and") == true, "\(found)")
  }

  @Test func layersBeyondTheLimitAreRefused() {
    #expect(
      ConfigurationTexts.tokenizerProblems(overrides: ["model.encoder.layers=1025"]).count == 1)
    #expect(ConfigurationTexts.generatorProblems(overrides: ["model.layers=1048576"]).count == 1)
  }
}
