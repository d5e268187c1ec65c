import Configurations
import Testing

/// Values that are right by themselves and do not fit together.
@Suite struct SizeCheckTests {
  @Test(arguments: [
    // A replacement in the tokenizer's text, the key to blame, and words of the explanation.
    ("image_size: 32", "image_size: 30", "model.image_size", ["30", "2^2"]),
    ("groups: 8", "groups: 12", "model.cnn.groups", ["12 groups", "16 channels"]),
    ("layers: 4, heads: 3", "layers: 4, heads: 5", "model.encoder.heads", ["5 heads", "96"]),
    ("heads: 3", "heads: 48", "model.encoder.heads", ["2 wide", "multiple of 4"]),
    ("scales: {count: 2", "scales: {count: 5", "model.scales.count", ["5 scales", "8 columns"]),
    ("layers: 4, heads: 3", "layers: 1, heads: 3", "model.scales.count", ["layers has 1"]),
    ("count: 16,", "count: 24,", "model.latents.count", ["24", "power of two"]),
    ("count: 16,", "count: 512,", "model.latents.count", ["from 2 to 256", "512"]),
    ("count: 16,", "count: 1,", "model.latents.count", ["from 2 to 256", "1"]),
    ("least: 4", "least: 32", "model.nested_dropout.least", ["32", "16 latent"]),
    ("size: 256,", "size: 65537,", "model.codebook.size", ["from 2 to 65536"]),
    ("name: example", "name: a/b", "run.name", ["a/b", "run.output"]),
    ("lanes: 8", "lanes: 0", "batch.lanes", ["from 1"]),
    ("per_lane: 4", "per_lane: 0", "batch.per_lane", ["from 1"]),
    (
      "evaluation: data/evaluation", "evaluation: e, augment: {crop: [0.9, 0.8], flip: true}",
      "data.augment.crop", ["smaller one first"]
    ),
  ])
  func tokenizerSizesThatDoNotFit(old: String, new: String, path: String, words: [String]) {
    let problems = ConfigurationTexts.tokenizerProblems(replacing: old, with: new)
    let blamed = problems.filter { $0.hasPrefix(path + " (line ") }
    #expect(!blamed.isEmpty, "\(problems)")
    for word in words {
      #expect(blamed.contains { $0.contains(word) }, "\(word) in \(problems)")
    }
  }

  @Test(arguments: [
    // The same for the generator's text.
    ("heads: 4", "heads: 3", "model.heads", ["3 heads", "128"]),
    ("heads: 4", "heads: 128", "model.heads", ["1 wide", "multiple of 2"]),
    ("tokens: 16", "tokens: 24", "model.tokens", ["24", "power of two"]),
    ("tokens: 16", "tokens: 1", "model.tokens", ["1 tokens", "from 2 to"]),
    ("single_tokens: 4", "single_tokens: 3", "model.single_tokens", ["3 single", "16 tokens"]),
    ("single_tokens: 4", "single_tokens: 32", "model.single_tokens", ["at most 16"]),
    ("vocabulary: 256", "vocabulary: 65537", "model.vocabulary", ["from 2 to 65536"]),
    ("class_dropout: 0.1", "class_dropout: 1.5", "model.class_dropout", ["below 1", "1.5"]),
  ])
  func generatorSizesThatDoNotFit(old: String, new: String, path: String, words: [String]) {
    let problems = ConfigurationTexts.generatorProblems(replacing: old, with: new)
    let blamed = problems.filter { $0.hasPrefix(path + " (line ") }
    #expect(blamed.count == 1, "\(problems)")
    for word in words {
      #expect(blamed.contains { $0.contains(word) }, "\(word) in \(problems)")
    }
  }

  @Test func theSequentialOrderNeedsNoLevels() {
    let problems = ConfigurationTexts.generatorProblems(
      overrides: ["model.order=sequential", "model.tokens=23", "model.single_tokens=7"])
    #expect(problems.isEmpty)
  }

  @Test func allProblemsAreReportedTogetherByLine() {
    let problems = ConfigurationTexts.tokenizerProblems(
      overrides: ["model.encoder.heads=5", "model.decoder.heads=no", "losses.alignment=1"])
    #expect(problems.count == 3, "\(problems)")
    let text = ConfigurationTexts.tokenizer
      .replacingOccurrences(of: "steps: 1000", with: "steps: -1")
      .replacingOccurrences(of: "image_size: 32", with: "image_size: 31")
      .replacingOccurrences(of: "count: 16", with: "count: 17")
    let found = ConfigurationTexts.problems { _ = try TokenizerRunConfiguration(yaml: text) }
    #expect(
      found.map { String($0.prefix { $0 != ":" }) } == [
        "model.image_size (line 4)", "model.latents.count (line 9)", "steps (line 20)",
      ])
  }

  @Test func aCheckOfAnUnreadableValueIsLeftOut() {
    // The heads cannot be read, so nothing is said about how they divide the width.
    let problems = ConfigurationTexts.tokenizerProblems(
      replacing: "width: 96, layers: 4, heads: 3}\n  decoder",
      with: "width: 97, layers: 4, heads: few}\n  decoder")
    #expect(problems.count == 1)
    #expect(problems.first?.contains("found \"few\"") == true)
  }

  @Test(arguments: [
    ("losses.perceptual={weight: 1}", "losses.perceptual (command line): it has no part"),
    (
      "losses.perceptual={weight: 1, lpips: {network: a, linear: b}}",
      "losses.perceptual.lpips (command line): VGG-16 halves images four times, and those of"
    ),
    (
      "losses.adversarial={discriminator: patchgan, weight: 1, lecam: 0, start: 1000, rate: 1}",
      "losses.adversarial.start (command line): the discriminator would begin in step 1000 of a run of 1000"
    ),
    (
      "losses.adversarial={discriminator: dino, backbone: x, weight: 1, lecam: 0, start: 1, rate: 1}",
      "batch.per_lane (command line): the dino discriminator takes statistics of as few equal groups of at "
        + "most 8 samples as a lane can have, and 9 cannot be cut into 2"
    ),
    (
      "losses.alignment={network: dino, width: 1, encoder: {weight: 1, margin: 0}, decoder: "
        + "{weight: 1, margin: 1}}",
      "losses.alignment.network (command line): expected one of dinov3, dinov2, mae, clip, siglip2"
    ),
    (
      "losses.alignment={network: mae, width: 200, encoder: {weight: 1, margin: 0}, decoder: {weight: 1, "
        + "margin: 0}}",
      "losses.alignment.width (command line): 200 channels cannot be cut into heads of 64"
    ),
    (
      "losses.adversarial={discriminator: dino, input_size: 36, weight: 1, lecam: 0, start: 1, rate: 1}",
      "losses.adversarial.input_size (command line): DINO's input is cut into patches of 8 or 16 pixels"
    ),
  ])
  func aLossThatDoesNotFitIsRefusedWithItsPlace(section: String, message: String) {
    let sizes = ["batch.per_lane=9", "model.image_size=8", "model.scales.count=1"]
    let problems = ConfigurationTexts.tokenizerProblems(overrides: sizes + [section])
    #expect(problems.contains { $0.hasPrefix(message) }, "\(problems)")
  }

  @Test func alignmentWidensTheModelAndIsItsOwnModel() throws {
    let plain = try TokenizerRunConfiguration(yaml: ConfigurationTexts.tokenizer)
    let aligned = try TokenizerRunConfiguration(
      yaml: ConfigurationTexts.tokenizer,
      overrides: [
        "losses.alignment={network: mae, width: 64, encoder: {weight: 1, margin: 0.2}, decoder: "
          + "{weight: 0, margin: 0}}"
      ])
    #expect(plain.model.alignmentWidth == 0 && aligned.model.alignmentWidth == 64)
    #expect(plain.modelDigest != aligned.modelDigest)
    #expect(try TokenizerRunConfiguration(yaml: aligned.yaml) == aligned)
    var other = aligned
    other.losses.alignment?.network = .dinov3
    #expect(other.modelDigest == aligned.modelDigest && other.digest != aligned.digest)
  }

  @Test func ranksHaveToDivideTheLanes() throws {
    let configuration = try TokenizerRunConfiguration(yaml: ConfigurationTexts.tokenizer)
    for worldSize in [1, 2, 4, 8] { try configuration.check(worldSize: worldSize) }
    let error = #expect(throws: ConfigurationError.self) {
      try configuration.check(worldSize: 3, file: "example.yaml")
    }
    #expect(error?.description.contains("8 lanes cannot be shared evenly by 3 ranks") == true)
    #expect(error?.description.contains("N one of 1, 2, 4, 8 (") == true)
    #expect(error?.file == "example.yaml")
  }

  /// The library's sum has no form of 16 bits.
  @Test func theFastReductionGoesWithOneWireFormat() throws {
    func configuration(_ overrides: [String]) throws -> TokenizerRunConfiguration {
      try TokenizerRunConfiguration(yaml: ConfigurationTexts.tokenizer, overrides: overrides)
    }
    let fast = try configuration(["reduction=fast"]).training
    #expect(fast.execution.reduction == .fast && fast.execution.wire == .float32)
    #expect(fast.notes(worldSize: 3).filter { $0.hasPrefix("reduction: fast") }.count == 1)
    #expect(try configuration(["wire=bfloat16"]).training.notes(worldSize: 2) == [])
    let error = #expect(throws: ConfigurationError.self) {
      try configuration(["reduction=fast", "wire=bfloat16"])
    }
    #expect(error?.problems.map(\.path) == ["wire"])
  }

  @Test func doubtfulValuesAreNoted() throws {
    let configuration = try TokenizerRunConfiguration(
      yaml: ConfigurationTexts.tokenizer, overrides: ["steps=20"])
    #expect(configuration.training.notes(worldSize: 1).count == 1)
    #expect(configuration.training.notes(worldSize: 1)[0].contains("schedule.warmup (50)"))
    #expect(configuration.training.notes(worldSize: 3).count == 2)
  }
}
