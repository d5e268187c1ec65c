public import ArgumentParser
import ArrayFiles
public import Inference

extension WeightChoice: ExpressibleByArgument {}

extension ModelSource {
  /// A model as the user named it.
  ///
  /// - Parameters:
  ///   - path: A run directory, a checkpoint directory or a file of weights.
  ///   - configuration: The configuration's path, which a file of weights needs.
  ///   - weights: Which weights are meant.
  ///   - option: The option that named the path, for errors.
  ///   - configurationOption: The option that names the configuration, for errors.
  /// - Throws: `ValidationError` for a path that is no model.
  init(
    checking path: String, configuration: String?, weights: WeightChoice?, option: String,
    configurationOption: String
  ) throws {
    self.init(path: path, configurationPath: configuration, weights: weights)
    func mistake(_ problem: String) -> ValidationError {
      ValidationError("\(option) \(path): \(problem)")
    }
    guard !FileSystem.isMissing(path) else {
      throw mistake("there is no such run directory, checkpoint or file of weights")
    }
    // What is there and may not be seen is no mistake of the command line.
    try FileSystem.requireVisible(path)
    if isFile {
      guard configuration != nil else {
        throw mistake(
          "this is no directory, and a file of weights does not say what model it is of: add "
            + "\(configurationOption) CONFIG")
      }
      return
    }
    for part in [path + "/checkpoints", path + "/manifest.json"] where !FileSystem.isMissing(part) {
      try FileSystem.requireVisible(part)
    }
    let isRun = FileSystem.isDirectory(path + "/checkpoints")
    guard isRun || !FileSystem.exists(path + "/config.json") else {
      throw mistake(
        "this looks like a folder of published weights: make a run of it with restok checkpoint import "
          + "--published \(path) --output RUN")
    }
    guard isRun || FileSystem.exists(path + "/manifest.json") else {
      throw mistake(
        "this is neither a run directory (it has no checkpoints folder), nor a checkpoint (no "
          + "manifest.json), nor a file of weights")
    }
    guard configuration == nil || !isRun else {
      throw ValidationError(
        "\(configurationOption) belongs to a file of weights, or to a checkpoint without its run: the "
          + "run \(path) has its own configuration")
    }
  }
}

/// The options that name one model.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A run directory, a checkpoint directory, or a file of weights with --config.",
      valueName: "path"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "The configuration of a file of weights, or of a checkpoint that lacks one.",
      valueName: "file"))
  var config: String?

  @Option(help: "Which weights of a checkpoint to use (default: ema where there is one).")
  var weights: WeightChoice?

  /// The model.
  func source() throws -> ModelSource {
    try ModelSource(
      checking: model, configuration: config, weights: weights, option: "--model",
      configurationOption: "--config")
  }
}
