public import ArgumentParser
import Benchmarks
public import Configurations

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

  @OptionGroup var options: RehearsalOptions

  @Option(help: "Steps before those that are timed.")
  var warmup = 2

  func validate() throws {
    guard (0...1_000_000).contains(warmup) else {
      throw ValidationError("--warmup \(warmup): expected 0 to 1000000")
    }
  }

  func run() throws {
    try RankSession.run { session in
      let report = try StepBenchmark(
        options.rehearsal(), stepCount: options.steps, warmupCount: warmup
      ).run(session.world)
      if session.isFirst { try show(report, asJSON: options.json) }
    }
  }
}
