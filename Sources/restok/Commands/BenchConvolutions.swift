import ArgumentParser
import Benchmarks

/// `restok bench convolutions`: the time of each convolution of a training step.
struct BenchConvolutions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convolutions",
    abstract:
      "Time each convolution of a configuration's training step, by each way of multiplying.",
    discussion: """
      One step on made-up samples shows which convolutions there are. Each is then timed alone, in turn with \
      convolutions: direct, accurate and fast, by the route that each takes on this processor, which the table names. The \
      time is the median of the rounds (--steps).
      """)

  @OptionGroup var options: RehearsalOptions

  func run() throws {
    try RankSession.run { session in
      let benchmark = ConvolutionBenchmark(try options.rehearsal(), roundCount: options.steps)
      let report = try benchmark.run(session.world)
      if session.isFirst { try show(report, asJSON: options.json) }
    }
  }
}
