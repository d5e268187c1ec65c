import ArgumentParser

/// `restok train tokenizer`: a training run of the tokenizer.
struct TrainTokenizer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer",
    abstract: "Train a tokenizer on the shards that a configuration names.",
    discussion: Train.discussion)

  @OptionGroup var options: TrainOptions
}
