import Configurations
import Foundation
import Testing

/// What a configuration reads as, and what is said about one that does not fit.
@Suite struct DecodingTests {
  @Test func theTokenizerReadsIntoTypedValues() throws {
    let configuration = try TokenizerRunConfiguration(yaml: ConfigurationTexts.tokenizer)
    #expect(configuration.model.imageSize == 32)
    #expect(configuration.model.cnn.multipliers == [1, 2, 2])
    #expect(configuration.model.gridSize == 8)
    #expect(configuration.model.encoder.headCount == 3)
    #expect(configuration.model.scales.merge == .average)
    #expect(configuration.model.latents.layout == .token)
    #expect(configuration.model.codebook.entropy.temperature == 0.1)
    #expect(configuration.model.nestedDropout.probability == 0.2)
    #expect(configuration.model.alignmentWidth == 0)
    #expect(configuration.data.train == "data/train")
    #expect(configuration.losses.reconstruction.weight == 1)
    let training = configuration.training
    #expect(training.run.seed == 7)
    #expect(training.run.directory == "runs/example")
    #expect(training.batch.sampleCount == 32)
    #expect(training.optimizer.secondMomentDecay == 0.95)
    #expect(training.optimizer.epsilon == 1e-8)
    #expect(training.averageDecay == 0.9999)
    #expect(
      training.learningRates
        == .cosine(base: 1e-3, end: 5e-5, warmupStepCount: 50, stepCount: 1000))
  }

  @Test func theGeneratorReadsIntoTypedValues() throws {
    let configuration = try GeneratorRunConfiguration(yaml: ConfigurationTexts.generator)
    #expect(configuration.model.tokenCount == 16)
    #expect(configuration.model.hiddenSize == 352)
    #expect(configuration.model.order == .hierarchical)
    #expect(configuration.model.classDropout == 0.1)
    #expect(configuration.tokenizer == "runs/tokenizer")
    #expect(configuration.data.codes == "data/codes.h5")
    #expect(configuration.data.evaluation == nil)
    #expect(configuration.training.precision == .bfloat16)
  }

  @Test func keysThatAreLeftOutHaveTheirDefaults() throws {
    let configuration = try TokenizerRunConfiguration(yaml: ConfigurationTexts.tokenizer)
    #expect(configuration.training.execution == .standard)
    #expect(configuration.training.execution.threadCount == nil)
    #expect(configuration.training.execution.prefetchedStepCount == 2)
    #expect(configuration.training.execution.digestInterval == 50)
    #expect(configuration.training.initialWeights == nil)
    #expect(configuration.training.evaluation.interval == 0)
    #expect(configuration.data.augmentation == .none)
    #expect(configuration.data.errorPolicy == .stop)
  }

  @Test func keysWithDefaultsCanBeGiven() throws {
    let text =
      ConfigurationTexts.tokenizer.replacingOccurrences(
        of: "evaluation: data/evaluation}",
        with:
          "evaluation: data/evaluation, augment: {crop: [0.8, 1.0], flip: true}, on_error: skip}"
      ) + """
        threads: 3
        prefetch: 4
        reduction: canonical
        wire: bfloat16
        bucket_bytes: 65536
        recompute: blocks
        convolutions: fast
        deadlines: {step: 30}
        digest_every: 0
        evaluate: {every: 10}
        init: weights.safetensors
        """
    let configuration = try TokenizerRunConfiguration(yaml: text)
    let execution = configuration.training.execution
    #expect(execution.threadCount == 3)
    #expect(execution.prefetchedStepCount == 4)
    #expect(execution.reduction == .canonical)
    #expect(execution.recomputation == .blocks)
    #expect(execution.convolutions == .fast)
    #expect(execution.wire == .bfloat16)
    #expect(execution.bucketByteCount == 65_536)
    #expect(execution.deadlines.step == 30)
    #expect(execution.deadlines.data == 600)
    #expect(execution.digestInterval == 0)
    #expect(configuration.training.evaluation.interval == 10)
    #expect(configuration.training.initialWeights == "weights.safetensors")
    #expect(configuration.data.augmentation.crop == 0.8...1)
    #expect(configuration.data.augmentation.flip)
    #expect(configuration.data.errorPolicy == .skip)
    #expect(try TokenizerRunConfiguration(yaml: configuration.yaml) == configuration)
  }

  @Test func theOtherSchedulesNeedFewerKeys() throws {
    func rates(_ schedule: String) throws -> String {
      let text = ConfigurationTexts.tokenizer.replacingOccurrences(
        of: "{kind: cosine, warmup: 50, end_rate: 5.0e-5}", with: schedule)
      return "\(try TokenizerRunConfiguration(yaml: text).training.learningRates)"
    }
    #expect(try rates("{kind: constant}") == "constant(base: 0.001, warmupStepCount: 0)")
    #expect(
      try rates("{kind: constant, warmup: 5, end_rate: 0}")
        == "constant(base: 0.001, warmupStepCount: 5)")
    #expect(
      try rates("{kind: wsd, warmup: 5}")
        == "warmupStableDecay(base: 0.001, end: 0.0, warmupStepCount: 5, stepCount: 1000)")
    #expect(
      ConfigurationTexts.tokenizerProblems(
        replacing: "kind: cosine, warmup: 50, end_rate: 5.0e-5", with: "kind: cosine, warmup: 5")
        == [
          "schedule.end_rate (line 18): the key is missing: add end_rate with a number of at least 0"
        ])
  }

  @Test(arguments: [
    // A replacement in the tokenizer's text, and the one problem that it makes.
    (
      "  encoder:", "  encodr:",
      "model.encodr (line 6): there is no such key; did you mean model.encoder?"
    ),
    (
      "count: 16,", "cuont: 16,",
      "model.latents.cuont (line 9): there is no such key; did you mean model.latents.count?"
    ),
    (
      "steps: 1000", "steps: many",
      "steps (line 20): expected an integer from 1 to 1000000000, found \"many\""
    ),
    (
      "steps: 1000", "steps: 0",
      "steps (line 20): expected an integer from 1 to 1000000000, found \"0\""
    ),
    (
      "steps: 1000", "steps: 1e3",
      "steps (line 20): expected an integer from 1 to 1000000000, found \"1e3\""
    ),
    (
      "steps: 1000", "steps: '1000'",
      "steps (line 20): expected an integer from 1 to 1000000000, found \"1000\""
    ),
    (
      "steps: 1000", "steps:",
      "steps (line 20): expected an integer from 1 to 1000000000, found nothing"
    ),
    ("seed: 7", "seed: -7", "run.seed (line 2): expected an integer of at least 0, found \"-7\""),
    (
      "residual: true, per", "residual: yes, per",
      "model.latents.residual (line 9): expected true or false, found \"yes\""
    ),
    (
      "decay: 0.9999", "decay: 1",
      "ema.decay (line 19): expected a number from 0 to below 1, found \"1\""
    ),
    (
      "decay: 0.9999", "decay: .nan",
      "ema.decay (line 19): expected a number from 0 to below 1, found \".nan\""
    ),
    (
      "rate: 1.0e-3, b", "rate: 0x1p3, b",
      "optimizer.rate (line 17): expected a number above 0, found \"0x1p3\""
    ),
    (
      "[0.9, 0.95]", "[0.9]",
      "optimizer.betas (line 17): expected a list of 2 values, each a number from 0 to below 1, found a list of 1"
    ),
    (
      "[0.9, 0.95]", "[0.9, 2]",
      "optimizer.betas[1] (line 17): expected a number from 0 to below 1, found \"2\""
    ),
    (
      "merge: average", "merge: averge",
      "model.scales.merge (line 8): expected one of average, nearest, found \"averge\"; did you mean average?"
    ),
    (
      "precision: float32", "precision: float16",
      "precision (line 21): expected one of float32, bfloat16, found \"float16\"; did you mean bfloat16?"
    ),
    (
      "revive: false", "revive: yes",
      "model.codebook.revive (line 10): expected true or false, found \"yes\""
    ),
    (
      "revive: false", "revive: true, revive_after: 0",
      "model.codebook.revive_after (line 10): expected an integer from 1 to 1000000, found \"0\""
    ),
    (
      "images_every: 250", "images_every: 250, usage_warning: 1",
      "log.usage_warning (line 23): expected a number from 0 to below 1, found \"1\""
    ),
    (
      "ema: {decay: 0.9999}", "ema: 0.9999",
      "ema (line 19): expected a section with decay, found \"0.9999\""
    ),
    (
      "run: {name: example, ", "run: {name: , ",
      "run.name (line 2): expected the run's name, found nothing"
    ),
    (
      "evaluation: data/evaluation", "evaluation: e, augment: crop",
      "data.augment (line 13): expected a section with crop, kind, flip, or the word none, found "
        + "\"crop\""
    ),
    (
      "steps: 1000", "steps: 1000\nsteps: 2000",
      "steps (line 20): the key is given again below: keep one of the two"
    ),
    (
      "steps: 1000", "steps: 1000\nthreads: all",
      "threads (line 21): expected an integer from 1 to 4096, or the word automatic, found \"all\""
    ),
    (
      "steps: 1000", "steps: 1000\nwire: float16",
      "wire (line 21): expected one of float32, bfloat16, found \"float16\"; did you mean bfloat16?"
    ),
    (
      "heads: 3}\n  decoder", "heads: 3, heads: 2}\n  decoder",
      "model.encoder.heads (line 6): the key is given again below: keep one of the two"
    ),
  ])
  func aMistakeIsNamedWithItsPlace(old: String, new: String, expected: String) {
    let problems = ConfigurationTexts.tokenizerProblems(replacing: old, with: new)
    // A misspelt key is missing under its right name too.
    #expect(problems.filter { !$0.contains("the key is missing") } == [expected])
  }

  @Test func everyRequiredKeyIsMissedByName() throws {
    let configuration = try TokenizerRunConfiguration(yaml: ConfigurationTexts.tokenizer)
    let optional = [
      "data.augment", "data.on_error", "init", "evaluate.every", "threads", "prefetch", "reduction",
      "wire", "bucket_bytes", "recompute", "convolutions", "digest_every", "measure_rate",
      "losses.perceptual", "losses.adversarial", "losses.alignment", "log.gradients_every",
      "init_encoder",
      "log.usage_warning", "model.codebook.revive_after", "evaluate.weights", "evaluate.metrics",
      "evaluate.lpips", "evaluate.inception",
    ]
    for (path, _) in configuration.values {
      let text = removing(path, from: configuration.yaml)
      let problems = ConfigurationTexts.problems { _ = try TokenizerRunConfiguration(yaml: text) }
      if optional.contains(path) || path.hasPrefix("deadlines.") {
        #expect(problems.isEmpty, "\(path): \(problems)")
      } else {
        #expect(problems.count == 1, "\(path): \(problems)")
        #expect(problems.allSatisfy { $0.contains("the key is missing") })
      }
    }
  }

  /// A document in block style without the line of a key, and without sections left empty by that.
  private func removing(_ path: String, from yaml: String) -> String {
    var section: [String] = []
    var paths: [(path: String, line: Substring)] = []
    for line in yaml.split(separator: "\n") {
      let depth = line.prefix { $0 == " " }.count / 2
      let key = line.dropFirst(2 * depth).prefix { $0 != ":" }
      section = section.prefix(depth) + [String(key)]
      paths.append((section.joined(separator: "."), line))
    }
    paths.removeAll { $0.path == path }
    let parent = path.split(separator: ".").dropLast().joined(separator: ".")
    if !parent.isEmpty, !paths.contains(where: { $0.path.hasPrefix(parent + ".") }) {
      paths.removeAll { $0.path == parent }
    }
    return paths.map { $0.line + "\n" }.joined()
  }
}
