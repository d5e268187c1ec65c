import Configurations
import Foundation
import Testing

/// Overrides, the printed tree, the digest, comparisons, and the files of the repository.
@Suite struct ResolvedTreeTests {
  private func tokenizer(_ overrides: String...) throws -> TokenizerRunConfiguration {
    try TokenizerRunConfiguration(yaml: ConfigurationTexts.tokenizer, overrides: overrides)
  }

  /// The shell has comments of its own: a value is all that was given.
  @Test func nothingOfAnOverrideIsAComment() throws {
    for name in ["run #7", "#7", "a  #b c", "7 # x"] {
      let configuration = try tokenizer("run.name=" + name)
      #expect(configuration.training.run.name == name)
      // The document that a run keeps says the same.
      let again = try TokenizerRunConfiguration(yaml: configuration.yaml)
      #expect(again.training.run.name == name)
    }
    for override in ["run.name='a' # b", "steps=5 # five"] {
      let problems = ConfigurationTexts.tokenizerProblems(overrides: [override])
      #expect(problems.count == 1 && problems[0].contains("#"), "\(problems)")
    }
  }

  @Test func overridesReplaceAndAddValues() throws {
    let configuration = try tokenizer(
      "steps=20", "optimizer.betas=[0.5, 0.75]", "data.augment={crop: [0.5, 1], flip: false}",
      "run.name=a = b", "steps=30", "deadlines.save=5")
    #expect(configuration.training.stepCount == 30)
    #expect(configuration.training.optimizer.firstMomentDecay == 0.5)
    #expect(configuration.data.augmentation.crop == 0.5...1)
    #expect(configuration.training.run.name == "a = b")
    #expect(configuration.training.execution.deadlines.save == 5)
  }

  @Test(arguments: [
    (
      "model.encodr.heads=2",
      "model.encodr (command line): there is no such key; did you mean model.encoder?"
    ),
    ("step=2", "step (command line): there is no such key; did you mean steps?"),
    (
      "encoder.heads=2",
      "encoder (command line): there is no such key; did you mean model.encoder.heads?"
    ),
    ("per_lane=2", "per_lane (command line): there is no such key; did you mean batch.per_lane?"),
    (
      "zebra=2",
      "zebra (command line): there is no such key; the keys here are kind, run, model, data, batch, losses, optimizer, schedule, ema, steps, precision, init, checkpoint, log, evaluate, threads, prefetch, reduction, wire, bucket_bytes, recompute, convolutions, deadlines, digest_every, measure_rate, init_encoder"
    ),
    ("steps", "command line: \"steps\" is no override: expected key.path=value"),
    ("=5", "command line: \"=5\" is no override: expected key.path=value"),
    ("steps=", "steps (command line): the value \"\" is not YAML: expected key.path=value"),
    ("steps=[", "steps (command line): the value \"[\" is not YAML: expected key.path=value"),
    ("steps=few", "steps (command line): expected an integer from 1 to 1000000000, found \"few\""),
    (
      "steps.each=2",
      "steps (command line): expected an integer from 1 to 1000000000, found a mapping"
    ),
  ])
  func aWrongOverrideIsNamed(override: String, expected: String) {
    #expect(ConfigurationTexts.tokenizerProblems(overrides: [override]) == [expected])
  }

  @Test func thePrintedTreeReadsAsTheSameConfiguration() throws {
    let configuration = try tokenizer(
      "run.name=\"quo\\\"te: # \\\\ \\u00e9\\t\\x01\"", "run.output=\"123\"", "data.train=\"true\"",
      "data.evaluation=\"none\"", "optimizer.epsilon=1e-12", "optimizer.rate=123456789.125",
      "init=\"no\"", "run.seed=18446744073709551615", "model.rope_base=1e22",
      "data.augment={crop: [0.3, 0.30000000000000004], flip: true}", "threads=5")
    #expect(configuration.training.run.name == "quo\"te: # \\ é\t\u{1}")
    #expect(try TokenizerRunConfiguration(yaml: configuration.yaml) == configuration)

    let generator = try GeneratorRunConfiguration(
      yaml: ConfigurationTexts.generator, overrides: ["data.evaluation=held-out.h5"])
    #expect(try GeneratorRunConfiguration(yaml: generator.yaml) == generator)
  }

  @Test func thePrintedTreeHasEveryDefault() throws {
    let lines = try tokenizer().yaml.split(separator: "\n")
    for line in [
      "kind: tokenizer", "  augment: none", "  on_error: stop", "init: none", "threads: automatic",
      "prefetch: 2", "reduction: canonical", "wire: float32", "bucket_bytes: 4194304",
      "recompute: none", "convolutions: accurate", "digest_every: 50", "measure_rate: true",
      "  epsilon: 1.0e-08", "    revive: false", "    revive_after: 100", "  usage_warning: 0.1",
    ] {
      #expect(lines.contains(Substring(line)), "\(line)")
    }
  }

  @Test func theDigestSeesResultsAndNotLayout() throws {
    let digest = try tokenizer().digest
    let layout = [
      "run.name=other", "run.output=elsewhere", "log.every=1", "log.images_every=0",
      "checkpoint.every=1", "checkpoint.keep=9", "evaluate.every=3", "prefetch=9",
      "deadlines.step=1", "digest_every=1", "bucket_bytes=4096",
      "recompute=blocks", "measure_rate=false", "log.usage_warning=0.5",
      "model.codebook.revive_after=100",
    ]
    for override in layout {
      #expect(try tokenizer(override).digest == digest, "\(override)")
    }
    let results = [
      "run.seed=8", "steps=999", "batch.lanes=4", "model.encoder.heads=6", "optimizer.rate=1e-4",
      "precision=bfloat16", "reduction=fast", "threads=1", "data.train=x",
      "schedule.kind=constant", "model.codebook.revive=true", "model.codebook.revive_after=99",
      "convolutions=direct", "convolutions=fast",
    ]
    var digests: Set = [digest]
    for override in results {
      #expect(digests.insert(try tokenizer(override).digest).inserted, "\(override)")
    }
  }

  @Test func theDigestIsTheSameOnEveryMachineAndInEveryVersion() throws {
    // FNV-1a of the sorted `path=value` lines; a change here makes every old checkpoint's
    // configuration look different.
    let configuration = try tokenizer()
    let layout = ["run.output", "run.name", "log.", "checkpoint.", "evaluate.", "prefetch"]
    let otherLayout = ["deadlines.", "digest_every", "bucket_bytes", "measure_rate"]
    var hash: UInt64 = 14_695_981_039_346_656_037
    let lines = configuration.values
      .filter { value in !(layout + otherLayout).contains { value.path.hasPrefix($0) } }
      // Sections that earlier versions did not have.
      .filter {
        !(($0.path.hasPrefix("losses.") || $0.path == "init_encoder") && $0.value == "none")
      }
      .filter { $0.path != "model.codebook.revive_after" }
      .map { "\($0.path)=\($0.value)\n" }
    for byte in lines.sorted().joined().utf8 {
      hash = (hash ^ UInt64(byte)).multipliedReportingOverflow(by: 1_099_511_628_211).partialValue
    }
    #expect(configuration.digest == hash)
  }

  @Test func theOrderOfTheFileDoesNotMatter() throws {
    let lines = ConfigurationTexts.tokenizer.split(separator: "\n")
    let tail = lines.suffix(6)
    let moved = (tail + lines.dropLast(6)).joined(separator: "\n")
    let configuration = try TokenizerRunConfiguration(yaml: moved)
    #expect(try configuration == tokenizer())
    #expect(try configuration.digest == tokenizer().digest)
  }

  @Test func differencesAreListedByKey() throws {
    #expect(try tokenizer().differences(from: tokenizer()).isEmpty)
    let differences = try tokenizer("steps=5", "data.augment={crop: [1, 1], flip: true}")
      .differences(from: tokenizer("log.every=1"))
    #expect(
      differences.map(\.description) == [
        "data.augment.crop: [1.0, 1.0] instead of absent",
        "data.augment.kind: adm instead of absent",
        "data.augment.flip: true instead of absent", "steps: 5 instead of 1000",
        "log.every: 20 instead of 1", "data.augment: absent instead of none",
      ])
    #expect(differences.map(\.changesResults) == [true, true, true, true, false, true])
  }

  // MARK: Files

  private static let directory = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Configs").path

  @Test func everyFileOfTheRepositoryReads() throws {
    let names =
      FileManager.default.enumerator(atPath: Self.directory)?
      .compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") } ?? []
    #expect(names.count >= 13)
    for name in names {
      let file = "\(Self.directory)/\(name)"
      switch try AnyRunConfiguration(contentsOf: file) {
      case .tokenizer(let configuration):
        #expect(try TokenizerRunConfiguration(yaml: configuration.yaml) == configuration)
        try configuration.check(worldSize: 1)
      case .generator(let configuration):
        #expect(try GeneratorRunConfiguration(yaml: configuration.yaml) == configuration)
      }
      let text = try String(contentsOfFile: file, encoding: .utf8)
      #expect(text.hasPrefix("# "), "\(name) starts with a comment")
    }
  }

  @Test func theBenchmarksHaveTheSizesOfTheirNames() throws {
    let sizes: [(name: String, width: Int, layers: Int)] = [
      ("tok-xs-32", 128, 6), ("tok-s-128", 512, 6), ("tok-b-256", 768, 12),
      ("tok-l-256", 1024, 24), ("gen-xs", 128, 6), ("gen-b", 768, 12), ("gen-l", 1024, 24),
    ]
    for (name, width, layers) in sizes {
      switch try AnyRunConfiguration(contentsOf: "\(Self.directory)/bench/\(name).yaml") {
      case .tokenizer(let configuration):
        #expect(configuration.model.encoder.width == width)
        #expect(configuration.model.decoder.layerCount == layers)
        #expect(configuration.model.latents.layout == .legacy)
      case .generator(let configuration):
        #expect(configuration.model.width == width)
        #expect(configuration.model.layerCount == layers)
      }
    }
  }

  @Test func theQuickStartsModelsFitEachOther() throws {
    let tokenizer = try TokenizerRunConfiguration(
      contentsOf: "\(Self.directory)/quickstart/tokenizer.yaml")
    let generator = try GeneratorRunConfiguration(
      contentsOf: "\(Self.directory)/quickstart/generator.yaml")
    #expect(tokenizer.model.latents.count == generator.model.tokenCount)
    #expect(tokenizer.model.codebook.size == generator.model.vocabularySize)
    #expect(tokenizer.training.run.directory == generator.tokenizer)
  }

  @Test func filesThatAreNoConfigurationAreNamed() throws {
    let file = NSTemporaryDirectory() + "configuration-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: file) }
    func problem(_ text: String) throws -> String {
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let error = #expect(throws: ConfigurationError.self) {
        try AnyRunConfiguration(contentsOf: file)
      }
      #expect(error?.file == file)
      return error?.problems.first?.description ?? ""
    }
    #expect(try problem("").contains("holds no configuration"))
    #expect(try problem("kind: tokenizer\n\tx: 1").hasPrefix("line 2: this is not YAML"))
    #expect(try problem("a: [1, 2").contains("line"))
    #expect(try problem("a: 1\n---\nb: 1").contains("this is not YAML"))
    #expect(
      try problem("kind: vae") == "kind (line 1): expected tokenizer or generator, found \"vae\"")
    #expect(try problem("- 1").contains("expected tokenizer or generator"))
    let missing = #expect(throws: ConfigurationError.self) {
      try AnyRunConfiguration(contentsOf: "/nowhere/x.yaml")
    }
    #expect(missing?.description == "/nowhere/x.yaml: 1 problem\n  there is no such file")
  }

  @Test func theOtherKindIsRefusedInOneLine() {
    let problems = ConfigurationTexts.problems {
      _ = try TokenizerRunConfiguration(yaml: ConfigurationTexts.generator)
    }
    #expect(
      problems == [
        "kind (line 1): expected the configuration of a tokenizer, found one of a generator"
      ])
  }
}
