import ArgumentParser
import Benchmarks
import Configurations

/// The training on made-up samples that a benchmark runs.
struct RehearsalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The configuration, such as Configs/bench/gen-b.yaml.", valueName: "file"))
  var config: String

  @Option(help: "Samples of a step on each rank (default: the configuration's lanes x per_lane).")
  var batch: Int?

  @Option(help: "Steps that are timed.")
  var steps = 5

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
    if let batch, !(1...65_536).contains(batch) {
      throw ValidationError("--batch \(batch): expected 1 to 65536")
    }
    guard (1...1_000_000).contains(steps) else {
      throw ValidationError("--steps \(steps): expected 1 to 1000000")
    }
  }

  /// What is trained.
  ///
  /// - Throws: `ConfigurationError`.
  func rehearsal() throws -> Rehearsal {
    try Rehearsal(
      configurationPath: config, overrides: overrides, batchSize: batch, precision: precision)
  }
}
