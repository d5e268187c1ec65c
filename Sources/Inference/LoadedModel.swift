import ArrayFiles
public import Autodiff
public import Configurations
public import HierarchicalGenerator
import Kernels
public import ResidualTokenizer
import Tensors

/// A trained tokenizer, ready to encode and decode.
public struct LoadedTokenizer {
  /// The model.
  public let model: ResTok
  /// The weights.
  public let arena: ParameterArena
  /// Digest of the weights, which codes carry.
  public let digest: String

  /// Loads a tokenizer, whose products take operands of a precision.
  ///
  /// - Throws: The errors of the model's files and configuration.
  public init(_ source: ModelSource, precision: Precision = .float32, notice: Notice) throws {
    (model, arena) = try source.load(precision, notice) { model, scope in
      ResTok(try model.tokenizer().model, in: scope)
    }
    digest = hexadecimal(Kernels.digest(of: arena.values.buffer))
  }
}

/// A trained generator, ready to sample.
public struct LoadedGenerator {
  /// The model.
  public let model: Generator
  /// The weights.
  public let arena: ParameterArena
  /// Digest of the weights.
  public let digest: String

  /// Loads a generator, whose products take operands of a precision.
  ///
  /// - Throws: The errors of the model's files and configuration.
  public init(_ source: ModelSource, precision: Precision = .float32, notice: Notice) throws {
    (model, arena) = try source.load(precision, notice) { model, scope in
      Generator(try model.generator().model, in: scope)
    }
    digest = hexadecimal(Kernels.digest(of: arena.values.buffer))
  }
}

extension ModelSource {
  fileprivate func load<Model>(
    _ precision: Precision, _ notice: Notice,
    make: (OpenedModel, ParameterScope) throws -> Model
  ) throws -> (Model, ParameterArena) {
    let opened = try open(notice)
    let arena = ParameterArena()
    let model = try make(opened, ParameterScope(arena))
    try opened.read(into: arena, operandType: precision.operandType, notice)
    return (model, arena)
  }
}
