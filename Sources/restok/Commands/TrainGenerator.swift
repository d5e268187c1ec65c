import ArgumentParser
import Configurations
import DataParallel
import Training

/// `restok train generator`: a training run of the generator.
struct TrainGenerator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generator",
    abstract: "Train a generator on the codes that a configuration names.",
    discussion: Train.discussion)

  @OptionGroup var options: TrainOptions

  func run() throws {
    try options.train(GeneratorRunConfiguration.self, TrainingRun.generator)
  }
}
