import ArrayFiles
package import Autodiff
import Checkpoints
package import Configurations
import Reporting
package import Tensors

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

  /// Allocates the arena of the configured model, without gradients, and reads the weights into it.
  ///
  /// The names and shapes of a file are compared before memory is taken.
  ///
  /// - Parameters:
  ///   - arena: The model's parameters, not yet allocated.
  ///   - operandType: The type of the operands of products.
  ///   - notice: Is told of what a file has beside the model.
  /// - Throws: `WeightMismatch`, `NotFiniteWeights`, and the errors of files.
  package func read(
    into arena: ParameterArena, operandType: ElementType = .float32, _ notice: Notice
  ) throws {
    switch origin {
    case .file(let file): try file.read(into: arena, operandType: operandType, notice)
    case .checkpoint(let checkpoint):
      arena.allocate(forTraining: false, operandType: operandType)
      try checkpoint.read(source.weights, into: arena)
      arena.refreshOperands()
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

/// A file of weights and what it says of the model that it is of.
struct ModelFile {
  private let file: WeightsFile
  private var modelDigest: String? { file.metadata[Self.digestKey] }

  /// The key of the file's text that holds the digest of the model's configuration.
  static let digestKey = "model_digest"

  init(path: String) throws { file = try WeightsFile(contentsOf: path) }

  init(_ file: WeightsFile) { self.file = file }

  var path: String { file.path }

  /// Allocates an arena, once the file is found to have its tensors, and reads them.
  ///
  /// - Throws: `WeightMismatch`, `NotFiniteWeights`, `ArrayFileError`.
  func read(
    into arena: ParameterArena, operandType: ElementType = .float32, _ notice: Notice
  ) throws {
    let tensors = try ModelTensors(file, of: arena)
    for omitted in tensors.omitted { notice("\(path): \(omitted)") }
    arena.allocate(forTraining: false, operandType: operandType)
    try tensors.read(into: arena)
    arena.refreshOperands()
  }

  /// The configuration that was given for it.
  ///
  /// - Throws: `CommandError.unsupported` without one, or where the file is of another model.
  func configuration(_ configurationPath: String?) throws -> AnyRunConfiguration {
    guard let configurationPath else {
      throw CommandError.unsupported(
        "\(path): a file of weights does not say what model it is of: give its configuration")
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
