import ArgumentParser

/// `restok train generator`: a training run of the generator.
struct TrainGenerator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generator",
    abstract: "Train a generator on the codes that a configuration names.",
    discussion: Train.discussion)

  @OptionGroup var options: TrainOptions
}
