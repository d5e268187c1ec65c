public import Autodiff

/// An affine map of the last axis: y = x·Wᵀ + b.
///
/// Input `[..., inputSize]`, output `[..., outputSize]`.
public struct Linear {
  /// Weights, `[outputSize, inputSize]`.
  public let weight: Parameter
  /// Bias, `[outputSize]`, initially zero; nil for a linear map.
  public let bias: Parameter?

  /// Creates the layer's parameters `weight` and `bias` in a scope.
  ///
  /// - Parameters:
  ///   - inputSize: Width of the input.
  ///   - outputSize: Width of the output.
  ///   - hasBias: Whether there is a bias.
  ///   - initializer: How the weights of a new model are drawn.
  ///   - isPublishedAsConvolution: Whether published files hold the weights as a 1×1 convolution,
  ///     `[outputSize, inputSize, 1, 1]`.
  ///   - scope: Where the parameters are named.
  public init(
    inputSize: Int, outputSize: Int, hasBias: Bool = true, initializer: Initializer,
    isPublishedAsConvolution: Bool = false, in scope: ParameterScope
  ) {
    let published =
      isPublishedAsConvolution ? [outputSize, inputSize, 1, 1] : [outputSize, inputSize]
    weight = scope.parameter(
      "weight", [outputSize, inputSize], initializer, layout: .same(shape: published),
      isOperand: true)
    bias = hasBias ? scope.parameter("bias", [outputSize], .constant(0)) : nil
  }

  /// Applies the map to `x`, `[..., inputSize]`.
  ///
  /// - Parameters:
  ///   - x: The input.
  ///   - isOperand: Whether only operations that round the result to the tape's operand type anyway read
  ///     it: it then has that type, and rounding needs no pass.
  /// - Returns: The result.
  public func callAsFunction(_ x: Variable, isOperand: Bool = false) -> Variable {
    linear(
      x, weight: x.tape[weight], bias: bias.map { x.tape[$0] },
      resultType: isOperand ? x.tape.operandType : .float32)
  }

  /// The exact GELU of the map of `x`, `[..., inputSize]`, in the tape's operand type.
  public func gelu(_ x: Variable) -> Variable {
    guard let bias else { return Autodiff.gelu(self(x)) }
    return linearGELU(x, weight: x.tape[weight], bias: x.tape[bias])
  }
}
