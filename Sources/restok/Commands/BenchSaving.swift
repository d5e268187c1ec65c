import ArgumentParser
import Configurations
import DataParallel
import Training

/// `restok bench saving`: the time that saving takes, and the time that it takes from training.
struct BenchSaving: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saving",
    abstract: "Time saving beside training steps, and the disk that it writes to.",
    discussion: """
      Trains on made-up samples, saves with the program's own saver beside steps and alone, and \
      writes as many bytes plainly, up to 4 GiB. The files are removed in the end.
      """)

  @Option(
    help: ArgumentHelp("The configuration, such as Configs/bench/gen-b.yaml.", valueName: "file"))
  var config: String

  @Option(help: ArgumentHelp("A folder on the disk to measure.", valueName: "folder"))
  var directory = "."

  @Option(help: "Samples of a step (default: the configuration's lanes x per_lane).")
  var batch: Int?

  @Option(help: "Steps that are timed without a save.")
  var steps = 5

  @Option(help: "How often it saves beside steps, and alone.")
  var repeats = 3

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
    guard repeats >= 1 else { throw ValidationError("--repeats \(repeats): expected at least 1") }
  }

  func run() throws {
    try RankSession.requireSingleRank("bench saving")
    let benchmark = try SavingBenchmark(
      configurationPath: config, overrides: overrides, directory: directory, batchSize: batch,
      stepCount: steps, repetitionCount: repeats, precision: precision)
    try RankSession.run { session in
      let report = try benchmark.run(session.world, stopSignal: StopSignal.install())
      if json { try printJSON(report) } else { print(report) }
    }
  }
}
