import ArgumentParser
import Benchmarks

/// `restok bench classifier`: whether samples look like their classes.
struct BenchClassifier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classifier",
    abstract: "Ask a linear classifier whether sampled images are of their classes.",
    discussion: """
      Trains a softmax regression on the pixels of a data set, a matter of seconds for the digits, and \
      prints the share of samples that it names right, beside that of held-out images. It says \
      something about simple images only.
      """)

  @Option(help: ArgumentHelp("The data set to learn from.", valueName: "folder"))
  var data: String

  @Option(help: ArgumentHelp("The held-out data set.", valueName: "folder"))
  var evaluation: String

  @Option(
    help: ArgumentHelp(
      "What `restok sample --classes all --count N --output FILE.npy` wrote.", valueName: "file"))
  var samples: String

  @Option(help: "Samples of each class: that N.")
  var count: Int

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    guard (1...65_536).contains(count) else {
      throw ValidationError("--count \(count): expected 1 to 65536")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("bench classifier")
    let report = try ClassifierBenchmark(
      data: data, evaluation: evaluation, samples: samples, countPerClass: count
    ).run()
    try show(report, asJSON: json)
  }
}
