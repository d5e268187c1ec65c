import ArgumentParser
import Foundation
import Inference

/// Which of a checkpoint's weights to use.
enum WeightSelection: String, ExpressibleByArgument, CaseIterable {
  /// The moving average.
  case ema
  /// The weights that the optimizer moves.
  case model
}

/// Where a model's weights come from, as the user named it.
enum ModelReference: Equatable {
  /// A run directory: its newest verified checkpoint.
  case run(String)
  /// A checkpoint directory.
  case checkpoint(String)
  /// A `.safetensors` file with the configuration of its model.
  case safetensors(String, configuration: String)

  /// Sorts out what a path is.
  ///
  /// - Parameters:
  ///   - path: The path as given.
  ///   - configuration: The configuration's path, which a `.safetensors` file needs.
  ///   - option: The option that named the path, for errors.
  ///   - configurationOption: The option that names the configuration, for errors.
  /// - Throws: `ValidationError` for a path that is no model.
  init(
    path: String, configuration: String?, option: String, configurationOption: String
  ) throws {
    let files = FileManager.default
    if path.hasSuffix(".safetensors") {
      guard let configuration else {
        throw ValidationError(
          "\(option) \(path): a .safetensors file does not say what model it is of: add "
            + "\(configurationOption) CONFIG")
      }
      guard files.fileExists(atPath: path) else {
        throw ValidationError("\(option) \(path): there is no such file")
      }
      self = .safetensors(path, configuration: configuration)
      return
    }
    guard configuration == nil else {
      throw ValidationError(
        "\(configurationOption) belongs to a .safetensors file: \(path) has its own configuration")
    }
    if files.fileExists(atPath: path + "/checkpoints") {
      self = .run(path)
    } else if files.fileExists(atPath: path + "/manifest.json") {
      self = .checkpoint(path)
    } else {
      let problem =
        files.fileExists(atPath: path)
        ? "this is neither a run directory (it has no checkpoints folder), nor a checkpoint (no "
          + "manifest.json), nor a .safetensors file"
        : "there is no such run directory, checkpoint or .safetensors file"
      throw ValidationError("\(option) \(path): \(problem)")
    }
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
  var weights: WeightSelection?

  /// Where the weights come from.
  func reference() throws -> ModelReference {
    try ModelReference(
      path: model, configuration: config, option: "--model", configurationOption: "--config")
  }

  /// The model for the library.
  func source() throws -> ModelSource { try reference().source(weights: weights) }
}

extension ModelReference {
  /// The model for the library, with the chosen weights.
  func source(weights: WeightSelection?) -> ModelSource {
    let choice: WeightChoice? =
      switch weights {
      case .ema: .ema
      case .model: .model
      case nil: nil
      }
    return switch self {
    case .run(let path), .checkpoint(let path): ModelSource(path: path, weights: choice)
    case .safetensors(let path, let configuration):
      ModelSource(path: path, configurationPath: configuration, weights: choice)
    }
  }
}
