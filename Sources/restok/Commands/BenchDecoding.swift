import ArgumentParser
import Benchmarks

/// `restok bench decoding`: the time that image files take before training.
struct BenchDecoding: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decoding",
    abstract: "Time decoding, resizing and cropping of image files, on one core.",
    discussion: """
      decoded: the pixels alone. centre: the square in the middle, as in evaluations. adm, resized: \
      the random crops of training, with mirror images. The files are in memory before the clock runs.
      """)

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Image files and folders.", valueName: "path"))
  var images: [String]

  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Sides of the squares.", valueName: "side"))
  var sizes = [64, 256]

  @Option(help: "Images that are taken, the first ones.")
  var count = 256

  @Option(help: "Rounds over all images, after one that is not timed; the median counts.")
  var repeats = 5

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    guard sizes.allSatisfy((1...16_384).contains) else {
      throw ValidationError("--sizes \(sizes): expected numbers from 1 to 16384")
    }
    guard (1...65_536).contains(count) else {
      throw ValidationError("--count \(count): expected 1 to 65536")
    }
    guard (1...1_000_000).contains(repeats) else {
      throw ValidationError("--repeats \(repeats): expected 1 to 1000000")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("bench decoding")
    let benchmark = try DecodingBenchmark(
      paths: images, count: count, sizes: sizes, repetitionCount: repeats)
    try show(try benchmark.run(), asJSON: json)
  }
}
