import ArgumentParser
import Benchmarks

/// `restok bench data`: the way of images from the disk to the ranks.
struct BenchData: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract:
      "Time rank 0 reading and sending images, and the ranks decoding them, without training.",
    discussion: """
      Reading is timed three times: as the system has the files, which is from the disk after its caches were dropped \
      (echo 3 > /proc/sys/vm/drop_caches), from its memory, and with open files. Under mpirun messages are sent as in training, beside plain messages of the same sizes. \
      With --samples-per-second it says how many ranks rank 0 can feed.
      """)

  @Option(
    help: ArgumentHelp(
      "A data set (default: images of 256x256 that are made up in memory).", valueName: "folder"))
  var data: String?

  @Option(help: "Side of the squares that images become.")
  var size = 256

  @Option(help: "Lanes of a rank.")
  var lanes = 1

  @Option(help: "Images of a lane.")
  var perLane = 32

  @Option(help: "Steps of each measurement.")
  var steps = 20

  @Option(help: "Images a second that a rank trains on.")
  var samplesPerSecond: Double?

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    for (name, value, limit) in [
      ("--size", size, 16_384), ("--lanes", lanes, 65_536), ("--per-lane", perLane, 65_536),
      ("--steps", steps, 1_000_000),
    ] where !(1...limit ~= value) {
      throw ValidationError("\(name) \(value): expected 1 to \(limit)")
    }
    if let samplesPerSecond, !(samplesPerSecond > 0 && samplesPerSecond.isFinite) {
      throw ValidationError("--samples-per-second \(samplesPerSecond): expected a number above 0")
    }
  }

  func run() throws {
    var benchmark = DataBenchmark()
    benchmark.data = data
    benchmark.size = size
    benchmark.laneCountPerRank = lanes
    benchmark.sampleCountPerLane = perLane
    benchmark.stepCount = steps
    benchmark.samplesPerSecond = samplesPerSecond
    try RankSession.run { session in
      guard let report = try benchmark.run(session.world) else { return }
      try show(report, asJSON: json)
    }
  }
}
