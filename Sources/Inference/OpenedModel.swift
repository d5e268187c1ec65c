import ArrayFiles
package import Autodiff
import Checkpoints
package import Configurations
import Reporting

/// A model on the disk whose configuration is known and checked.
package struct OpenedModel {
  /// Where the weights come from.
  enum Origin {
    case file(ModelFile)
    case checkpoint(Checkpoint)
  }

  let source: ModelSource
  let origin: Origin
  /// What the weights were trained with.
  package let configuration: AnyRunConfiguration

  /// The configuration of a tokenizer.
  ///
  /// - Throws: `CommandError.unsupported` when the model is another.
  func tokenizer() throws -> TokenizerRunConfiguration {
    guard case .tokenizer(let configuration) = configuration else { throw otherKind(.tokenizer) }
    return configuration
  }

  /// The configuration of a generator.
  ///
  /// - Throws: `CommandError.unsupported` when the model is another.
  func generator() throws -> GeneratorRunConfiguration {
    guard case .generator(let configuration) = configuration else { throw otherKind(.generator) }
    return configuration
  }

  private func otherKind(_ expected: RunKind) -> CommandError {
    .unsupported(
      "\(source.path): expected a \(expected), found a \(configuration.kind): name another model")
  }

  /// Reads the weights into the arena of the configured model.
  ///
  /// - Throws: `WeightMismatch`, `NotFiniteWeights`, and the errors of files.
  package func read(into arena: ParameterArena) throws {
    switch origin {
    case .file(let file): try PublishedWeights.read(file.path, into: arena)
    case .checkpoint(let checkpoint): try checkpoint.read(source.weights, into: arena)
    }
  }
}

extension Checkpoint {
  /// Reads the weights that are meant of the network that the checkpoint is named for.
  func read(_ choice: WeightChoice?, into arena: ParameterArena) throws {
    let name = manifest.kind.rawValue
    let kind: NetworkArrays.Kind =
      switch choice {
      case .model: .model
      case .ema: .movingAverage
      case nil: has(.movingAverage, ofNetwork: name) ? .movingAverage : .model
      }
    try read(
      kind, ofNetwork: name, into: arena.values, layouts: ParameterLayout.layouts(of: arena))
  }
}

/// A safetensors file and what it says of the model that it is of.
struct ModelFile {
  let path: String
  private let modelDigest: String?

  /// The key of the file's text that holds the digest of the model's configuration.
  static let digestKey = "model_digest"

  init(path: String) throws {
    self.path = path
    modelDigest = try SafetensorsFile(contentsOf: path).metadata[Self.digestKey]
  }

  /// The configuration that was given for it.
  ///
  /// - Throws: `CommandError.unsupported` without one, or where the file is of another model.
  func configuration(_ configurationPath: String?) throws -> AnyRunConfiguration {
    guard let configurationPath else {
      throw CommandError.unsupported(
        "\(path): a .safetensors file does not say what model it is of: give its configuration")
    }
    let configuration = try AnyRunConfiguration(contentsOf: configurationPath)
    let found = hexadecimal(configuration.modelDigest)
    if let modelDigest, modelDigest != found {
      throw CommandError.unsupported(
        "\(path) was exported from another model than that of \(configurationPath) (digest "
          + "\(modelDigest), here \(found)): give the configuration that it was trained with")
    }
    return configuration
  }
}
