import ArgumentParser
import Configurations
import Inference

/// The models that images are sampled with, and how they compute.
struct SamplerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The tokenizer: a run or checkpoint directory, or a file of weights.", valueName: "path"))
  var tokenizer: String

  @Option(
    help: ArgumentHelp(
      "The configuration of a tokenizer that is a file of weights.", valueName: "file"))
  var tokenizerConfig: String?

  @Option(
    help: ArgumentHelp(
      "The generator: a run or checkpoint directory, or a file of weights.", valueName: "path"))
  var generator: String

  @Option(
    help: ArgumentHelp(
      "The configuration of a generator that is a file of weights.", valueName: "file"))
  var generatorConfig: String?

  @Option(help: "Which weights of the checkpoints to use (default: ema where there is one).")
  var weights: WeightChoice?

  @Option(help: "The element type of products: bfloat16 is faster on processors that have it.")
  var precision = Precision.float32

  @OptionGroup private var rank: ThreadsOption

  /// Threads of each rank; nil for its cores.
  var threads: Int? { rank.threads }

  /// Both models as the user named them.
  ///
  /// - Throws: `ValidationError` for a path that is no model.
  func sources() throws -> (tokenizer: ModelSource, generator: ModelSource) {
    (
      try ModelSource(
        checking: tokenizer, configuration: tokenizerConfig, weights: weights,
        option: "--tokenizer", configurationOption: "--tokenizer-config"),
      try ModelSource(
        checking: generator, configuration: generatorConfig, weights: weights,
        option: "--generator", configurationOption: "--generator-config")
    )
  }
}
