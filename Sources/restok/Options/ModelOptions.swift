public import ArgumentParser
import ArrayFiles
public import Inference

extension WeightChoice: ExpressibleByArgument {}

extension ModelSource {
  /// A model as the user named it.
  ///
  /// - Parameters:
  ///   - path: A run directory, a checkpoint directory or a `.safetensors` file.
  ///   - configuration: The configuration's path, which a `.safetensors` file needs.
  ///   - weights: Which weights are meant.
  ///   - option: The option that named the path, for errors.
  ///   - configurationOption: The option that names the configuration, for errors.
  /// - Throws: `ValidationError` for a path that is no model.
  init(
    checking path: String, configuration: String?, weights: WeightChoice?, option: String,
    configurationOption: String
  ) throws {
    if path.hasSuffix(".safetensors") {
      guard configuration != nil else {
        throw ValidationError(
          "\(option) \(path): a .safetensors file does not say what model it is of: add "
            + "\(configurationOption) CONFIG")
      }
      guard FileSystem.exists(path) else {
        throw ValidationError("\(option) \(path): there is no such file")
      }
    } else {
      guard configuration == nil else {
        throw ValidationError(
          "\(configurationOption) belongs to a .safetensors file: \(path) has its own configuration"
        )
      }
      guard
        ["/checkpoints", "/manifest.json"].contains(where: { FileSystem.exists(path + $0) })
      else {
        let problem =
          FileSystem.exists(path)
          ? "this is neither a run directory (it has no checkpoints folder), nor a checkpoint (no "
            + "manifest.json), nor a .safetensors file"
          : "there is no such run directory, checkpoint or .safetensors file"
        throw ValidationError("\(option) \(path): \(problem)")
      }
    }
    self.init(path: path, configurationPath: configuration, weights: weights)
  }
}

/// The options that name one model.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A run directory, a checkpoint directory, or a .safetensors file with --config.",
      valueName: "path"))
  var model: String

  @Option(help: ArgumentHelp("The configuration of a .safetensors model.", valueName: "file"))
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
