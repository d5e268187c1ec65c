public import ArgumentParser
public import Configurations
import Training

extension Precision: ExpressibleByArgument {}

/// `restok bench`: measurements.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast this machine does the work.",
    subcommands: [BenchStep.self, BenchSampling.self, BenchCollectives.self, BenchSaving.self])
}

/// `restok bench step`: the time of a training step.
struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time the training step of a configuration on made-up samples.",
    discussion: """
      No data are read. A step is forward, backward, the sum over ranks, clipping, AdamW and the \
      moving average; its time is the median. Runs on many ranks.
      """)

  @Option(
    help: ArgumentHelp("The configuration, such as Configs/bench/gen-b.yaml.", valueName: "file"))
  var config: String

  @Option(help: "Samples of a step on each rank (default: the configuration's lanes x per_lane).")
  var batch: Int?

  @Option(help: "Steps that are timed.")
  var steps = 5

  @Option(help: "Steps before them that are not.")
  var warmup = 2

  @Option(help: "The element type of products (default: the configuration's).")
  var precision: Precision?

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  @Argument(
    help: ArgumentHelp(
      "Values to use instead of the configuration's, such as recompute=blocks.",
      valueName: "key.path=value"))
  var overrides: [String] = []

  func validate() throws {
    if let batch, batch < 1 { throw ValidationError("--batch \(batch): expected at least 1") }
    guard steps >= 1 else { throw ValidationError("--steps \(steps): expected at least 1") }
    guard warmup >= 0 else { throw ValidationError("--warmup \(warmup): expected at least 0") }
  }

  func run() throws {
    try RankSession.run { session in
      let report = try StepBenchmark(
        configurationPath: config, overrides: overrides, batchSize: batch, stepCount: steps,
        warmupCount: warmup, precision: precision
      ).run(session.world)
      if session.isFirst { print(json ? report.json : "\(report)") }
    }
  }
}
