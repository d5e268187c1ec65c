import ArgumentParser
import Benchmarks
import Configurations
import HierarchicalGenerator

/// Orders of generation, as the command line lists them.
struct OrderSelection: ExpressibleByArgument {
  let orders: [Generator.Configuration.Order]

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    orders = words.compactMap { Generator.Configuration.Order(rawValue: String($0)) }
    guard orders.count == words.count, Set(orders).count == orders.count else { return nil }
  }
}

/// `restok bench sampling`: the time of sampling an image.
struct BenchSampling: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sampling",
    abstract: "Time a generator with random weights in hierarchical and in sequential order.",
    discussion: """
      Keys and values are cached, and guidance doubles the batch, as in `restok sample`. The orders \
      take turns; times are medians. With --tokenizer-config the decoder is timed too.
      """)

  @Option(
    help: ArgumentHelp(
      "The generator's configuration, such as Configs/generator/har-l.yaml.", valueName: "file"))
  var config: String

  @Option(
    help: ArgumentHelp(
      "The tokenizer's configuration, such as Configs/tokenizer/restok-l-256.yaml.",
      valueName: "file"))
  var tokenizerConfig: String?

  @Option(help: "Images that are sampled at a time.")
  var batch = 8

  @Option(help: "The element type of products.")
  var precision = Precision.float32

  @Option(
    help: ArgumentHelp(
      "hierarchical, sequential, or both (the default).", valueName: "order,order"))
  var orders: OrderSelection?

  @Option(help: "The scale of classifier-free guidance; 1 is none.")
  var guidance = 2.0

  @Option(help: "Repetitions that are timed, after one that is not.")
  var repeats = 3

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    guard (1...65_536).contains(batch) else {
      throw ValidationError("--batch \(batch): expected 1 to 65536")
    }
    guard (1...1_000_000).contains(repeats) else {
      throw ValidationError("--repeats \(repeats): expected 1 to 1000000")
    }
    guard guidance.isFinite else {
      throw ValidationError("--guidance \(guidance): expected a finite number")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("bench sampling")
    let report = try SamplingBenchmark(
      configurationPath: config, tokenizerConfigurationPath: tokenizerConfig, batchSize: batch,
      precision: precision, orders: orders?.orders ?? [.hierarchical, .sequential],
      guidanceStrength: guidance,
      repetitionCount: repeats
    ).run()
    try show(report, asJSON: json)
  }
}
