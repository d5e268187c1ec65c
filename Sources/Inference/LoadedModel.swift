import ArrayFiles
import Autodiff
public import Configurations
public import HierarchicalGenerator
public import Kernels
public import ResidualTokenizer

/// A trained tokenizer, ready to encode and decode, or to decode alone.
public struct LoadedTokenizer {
  /// The model.
  public let model: ResTok
  /// Digest of the weights, which codes carry: of all of them, whatever part is loaded.
  public let digest: String
  /// How its convolutions are computed, as its configuration says.
  public let convolutions: ConvolutionArithmetic

  /// Loads a tokenizer, whose products take operands of a precision.
  ///
  /// - Parameters:
  ///   - source: The model.
  ///   - part: What of it is wanted; what is not takes no memory.
  ///   - precision: The operands of products.
  ///   - notice: Is told of choices, such as a checkpoint that is passed over.
  /// - Throws: The errors of the model's files and configuration.
  public init(
    _ source: ModelSource, part: ResTok.Part = .whole, precision: Precision = .float32,
    notice: Notice
  ) throws {
    var convolutions = ConvolutionArithmetic.accurate
    (model, digest) = try source.load(precision, notice) { model, scope in
      convolutions = model.configuration.training.execution.convolutions
      return ResTok(try model.tokenizer().model, part: part, in: scope)
    }
    self.convolutions = convolutions
  }
}

/// A trained generator, ready to sample.
public struct LoadedGenerator {
  /// The model.
  public let model: Generator
  /// Digest of the weights.
  public let digest: String

  /// Loads a generator, whose products take operands of a precision.
  ///
  /// - Throws: The errors of the model's files and configuration.
  public init(_ source: ModelSource, precision: Precision = .float32, notice: Notice) throws {
    (model, digest) = try source.load(precision, notice) { model, scope in
      Generator(try model.generator().model, in: scope)
    }
  }
}

extension ModelSource {
  /// Loads a model, whose weights take 2 bytes each where bfloat16 is all that products see of them.
  fileprivate func load<Model>(
    _ precision: Precision, _ notice: Notice,
    make: (OpenedModel, ParameterScope) throws -> Model
  ) throws -> (Model, String) {
    let opened = try open(notice)
    let arena = ParameterArena(frozenForOperandsOf: precision.operandType)
    let model = try make(opened, ParameterScope(arena))
    return (model, hexadecimal(try opened.readFrozen(into: arena, notice)))
  }
}
