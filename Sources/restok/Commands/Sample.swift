import ArgumentParser
import Configurations
import HierarchicalGenerator
import Inference

/// `restok sample`: new images of given classes.
struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sample new images with a generator and its tokenizer.",
    discussion: """
      The published setting is --guidance 3.75 --schedule step --start 0.25 --progress published \
      --top-p 0.95.
      """)

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

  @Option(help: ArgumentHelp("Numbers such as 0,3,7, or all.", valueName: "list"))
  var classes: ClassSelection

  @Option(help: "Images of each class.")
  var count = 1

  @Option(help: OutputPath.help)
  var output: String

  @OptionGroup(title: "Guidance") var guidance: GuidanceOptions

  @OptionGroup(title: "Choice of a token") var choice: TokenChoiceOptions

  @Option(help: "The element type of products: bfloat16 is faster on processors that have it.")
  var precision = Precision.float32

  @Option(help: "Seed of the random choices.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Write the sampled codes here too, int32, N x L.", valueName: "npy"))
  var codes: String?

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    guard (1...1_000_000).contains(count) else {
      throw ValidationError("--count \(count): expected 1 to 1000000")
    }
    if let codes, !codes.hasSuffix(".npy") {
      throw ValidationError("--codes \(codes): sampled codes go to a .npy file")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("sample")
    let sampling = try Sampling(
      tokenizer: try ModelSource(
        checking: tokenizer, configuration: tokenizerConfig, weights: weights,
        option: "--tokenizer", configurationOption: "--tokenizer-config"),
      generator: try ModelSource(
        checking: generator, configuration: generatorConfig, weights: weights,
        option: "--generator", configurationOption: "--generator-config"), precision: precision,
      notice: warn)
    let report = try sampling.run(
      classes: try classes.classes(classCount: sampling.classCount), countPerClass: count,
      guidance: Guidance(
        strength: guidance.guidance, schedule: try guidance.guidanceSchedule(),
        progress: guidance.progress),
      choice: choice.tokenChoice, seed: seed, output: output, codes: codes)
    try show(report, asJSON: json)
  }
}
