public import ArgumentParser
import Benchmarks
public import Configurations
import Reporting

extension Precision: ExpressibleByArgument {}

/// `restok bench`: measurements.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast this machine does the work.",
    subcommands: [
      BenchStep.self, BenchSampling.self, BenchCollectives.self, BenchSaving.self,
      BenchDecoding.self, BenchData.self, BenchClassifier.self, BenchConvolutions.self,
    ])
}

/// The losses of a step that is timed.
enum Recipe: String, CaseIterable, ExpressibleByArgument {
  /// Reconstruction and quantizer.
  case none
  /// Those that the configuration has a section for.
  case configured
  /// All of the recipe.
  case full
}

/// `restok bench step`: the time of a training step.
struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time the training step of a configuration on made-up samples.",
    discussion: """
      No data are read. A step is forward, backward, the sum over ranks, clipping, AdamW and the \
      moving average; its time is the median. Runs on many ranks.

      Of a tokenizer's losses only those of reconstruction and quantizer are computed, unless --recipe \
      configured asks for those that the configuration has a section for, or --recipe full for all, those \
      without a section as published; frozen networks have random weights. With full the step is timed \
      without them first and with one more each time, so that the share of each is known.
      """)

  @OptionGroup var options: RehearsalOptions

  @Option(help: "Steps before those that are timed.")
  var warmup = 2

  @Option(
    help:
      "The losses: none beside reconstruction and quantizer, those configured, or the full recipe.")
  var recipe = Recipe.none

  func validate() throws {
    guard (0...1_000_000).contains(warmup) else {
      throw ValidationError("--warmup \(warmup): expected 0 to 1000000")
    }
  }

  func run() throws {
    try RankSession.run { session in
      let rehearsal = try options.rehearsal()
      guard recipe != .full || rehearsal.isOfTokenizer else {
        throw ValidationError("--recipe full belongs to the configuration of a tokenizer")
      }
      let benchmark = StepBenchmark(
        recipe == .configured ? rehearsal.withConfiguredLosses : rehearsal,
        stepCount: options.steps, warmupCount: warmup)
      let report: any CommandReport =
        recipe == .full
        ? try benchmark.runLossByLoss(session.world) : try benchmark.run(session.world)
      if session.isFirst { try show(report, asJSON: options.json) }
    }
  }
}
