import ArgumentParser
import Benchmarks

/// `restok bench collectives`: the time of a sum over ranks.
struct BenchCollectives: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collectives",
    abstract: "Time the sum over ranks, canonical and by the MPI library, at several sizes.",
    discussion: """
      The canonical sum is the one that training uses: the same bits on any power of two of ranks. \
      GB/s are bytes of the buffer over the time of the slowest rank. Needs two ranks or more.
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Bytes of the buffers, multiples of 4.", valueName: "bytes"))
  var sizes = CollectiveBenchmark.standardSizes

  @Option(help: "Repetitions that are timed, after one that is not.")
  var repeats = 5

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    guard (1...1_000_000).contains(repeats) else {
      throw ValidationError("--repeats \(repeats): expected 1 to 1000000")
    }
  }

  func run() throws {
    let benchmark = try CollectiveBenchmark(sizes: sizes, repetitionCount: repeats)
    try RankSession.run { session in
      let report = try benchmark.run(session.world)
      guard session.isFirst else { return }
      try show(report, asJSON: json)
    }
  }
}
