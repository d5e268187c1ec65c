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
      --top-p 0.95; for published figures, --balanced 50000 --output samples.npz.

      An image depends on the weights, the settings, the seed, its class and its number among the images of the \
      class, not on what is sampled beside it or on how many ranks. A command that was killed goes on when it is \
      started again. The settings go into sampling.json in a folder, or NAME.json beside NAME.npz.
      """)

  @OptionGroup(title: "Models") var models: SamplerOptions

  @OptionGroup(title: "Classes") var labels: LabelOptions

  @Option(help: OutputPath.help)
  var output: String

  @OptionGroup(title: "Guidance") var guidance: GuidanceOptions

  @OptionGroup(title: "Choice of a token") var choice: TokenChoiceOptions

  @Option(help: "Seed of the random choices.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Write the sampled codes here too, int32, N x L.", valueName: "npy"))
  var codes: String?

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    if let codes, !codes.hasSuffix(".npy") {
      throw ValidationError("--codes \(codes): sampled codes go to a .npy file")
    }
  }

  func run() throws {
    let (tokenizer, generator) = try models.sources()
    let guidance = Guidance(
      strength: guidance.guidance, schedule: try guidance.guidanceSchedule(),
      progress: guidance.progress)
    try RankSession.run { session in
      let report = try session.output("images sampled") { context in
        let sampling = try Sampling(
          tokenizer: tokenizer, generator: generator, precision: models.precision,
          threadCount: models.threads,
          notice: context.tell)
        return try sampling.run(
          SamplingRequest(
            labels: try labels.selection.labels(classCount: sampling.classCount),
            guidance: guidance, choice: choice.tokenChoice, seed: seed, output: output,
            codes: codes, columnCount: labels.columnCount), context)
      }
      if session.isFirst { try show(report, asJSON: json) }
    }
  }
}
