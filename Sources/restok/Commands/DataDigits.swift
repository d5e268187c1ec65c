import ArgumentParser
import Datasets

/// `restok data digits`: the digits that come with the program.
struct DataDigits: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digits",
    abstract: "Write the handwritten digits that come with the program.",
    discussion: """
      1600 images of 32 x 32 to train on and 197 to evaluate on, in FOLDER/train and \
      FOLDER/evaluation.
      """)

  @Argument(help: "The folder to write; it must not exist or be empty.")
  var folder: String

  func run() throws {
    try RankSession.requireSingleRank("data digits")
    let written = try DigitsDataset.write(to: folder)
    print("\(folder)/train: \(written.train.sampleCount) images")
    print("\(folder)/evaluation: \(written.evaluation.sampleCount) images")
    print(written.train.attribution)
  }
}
