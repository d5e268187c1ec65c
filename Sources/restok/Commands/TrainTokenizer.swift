import ArgumentParser
import Configurations
import DataParallel
import Training

/// `restok train tokenizer`: a training run of the tokenizer.
struct TrainTokenizer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer",
    abstract: "Train a tokenizer on the shards that a configuration names.",
    discussion: Train.discussion)

  @OptionGroup var options: TrainOptions

  func run() throws {
    try options.train(TokenizerRunConfiguration.self, TrainingRun.tokenizer)
  }
}
