public import Autodiff
public import Tensors

/// A table of vectors looked up by index.
///
/// Indices int32 `[...]`, output `[..., width]`.
public struct Embedding {
  /// The vectors, `[count, width]`.
  public let weight: Parameter

  /// Creates the parameter `weight` in a scope.
  public init(count: Int, width: Int, initializer: Initializer, in scope: ParameterScope) {
    weight = scope.parameter("weight", [count, width], initializer)
  }

  /// The vectors of `indices` on a tape.
  public func callAsFunction(_ indices: Tensor, on tape: Tape) -> Variable {
    embedding(indices, table: tape[weight])
  }
}
