import ArgumentParser
import Datasets

/// `restok data verify`: a data set against its manifest.
struct DataVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read a whole data set, check every digest and decode every image.",
    discussion: "Lists everything that is wrong, and then exits with status 65.")

  @Argument(help: "The folder of a data set.")
  var folder: String

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func run() throws {
    try RankSession.requireSingleRank("data verify")
    var progress = ProgressLine("images checked")
    let result = try DatasetVerification(folder: folder) { progress.show($0, of: $1) }
    progress.finish()
    if json {
      try printJSON(
        Figures(
          samples: result.manifest.sampleCount, good: result.goodSampleCount,
          problems: result.problems.map(\.description)))
    } else {
      for problem in result.problems { print(problem) }
      print(
        "\(folder): \(result.goodSampleCount) of \(result.manifest.sampleCount) images are good, "
          + "\(result.problems.count) problems")
    }
    if !result.isIntact { throw ExitStatusError(status: .data) }
  }

  private struct Figures: Encodable {
    let samples: Int
    let good: Int
    let problems: [String]
  }
}
