import ArgumentParser
import Benchmarks
import DataParallel

/// `restok bench saving`: the time that saving takes, and the time that it takes from training.
struct BenchSaving: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saving",
    abstract: "Time saving beside training steps, and the disk that it writes to.",
    discussion: """
      Trains on made-up samples, saves with the program's own saver beside steps and alone, and \
      writes as many bytes plainly, up to 4 GiB. The steps that are timed are those without a save. \
      The files are removed in the end.
      """)

  @OptionGroup var options: RehearsalOptions

  @Option(help: ArgumentHelp("A folder on the disk to measure.", valueName: "folder"))
  var directory = "."

  @Option(help: "How often it saves beside steps, and alone.")
  var repeats = 3

  func validate() throws {
    guard (1...1_000_000).contains(repeats) else {
      throw ValidationError("--repeats \(repeats): expected 1 to 1000000")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("bench saving")
    let benchmark = SavingBenchmark(
      try options.rehearsal(), directory: directory, stepCount: options.steps,
      repetitionCount: repeats)
    let stopSignal = StopSignal.install()
    try RankSession.run { session in
      let report = try benchmark.run(session.world, stopSignal: stopSignal)
      try show(report, asJSON: options.json)
    }
  }
}
