public import Autodiff

/// A convolution that keeps the image's size ("same" zero padding, stride 1), channels last.
///
/// Input `[batch, height, width, inputCount]`, output `[batch, height, width, outputCount]`.
public struct Convolution {
  /// Weights, `[outputCount, kernelSize, kernelSize, inputCount]`; published with the input channels
  /// before the kernel's axes.
  public let weight: Parameter
  /// Bias, `[outputCount]`; nil without one.
  public let bias: Parameter?

  /// Creates the layer's parameters `weight` and `bias` in a scope.
  ///
  /// - Parameters:
  ///   - inputCount: Channels of the input.
  ///   - outputCount: Channels of the output.
  ///   - kernelSize: Height and width of the kernel, odd.
  ///   - hasBias: Whether there is a bias.
  ///   - initializer: How the weights of a new model are drawn.
  ///   - biasInitializer: How the biases of a new model are drawn.
  ///   - scope: Where the parameters are named.
  public init(
    inputCount: Int, outputCount: Int, kernelSize: Int = 3, hasBias: Bool,
    initializer: Initializer, biasInitializer: Initializer = .constant(0), in scope: ParameterScope
  ) {
    weight = scope.parameter(
      "weight", [outputCount, kernelSize, kernelSize, inputCount], initializer,
      layout: .convolution)
    bias = hasBias ? scope.parameter("bias", [outputCount], biasInitializer) : nil
  }

  /// Applies the convolution to `x`, `[batch, height, width, inputCount]`.
  ///
  /// - Parameters:
  ///   - x: The input.
  ///   - isOperand: Whether only operations that round the result to the tape's operand type anyway read
  ///     it: it then has that type, and rounding needs no pass.
  /// - Returns: The result.
  public func callAsFunction(_ x: Variable, isOperand: Bool = false) -> Variable {
    convolution(
      x, weight: x.tape[weight], bias: bias.map { x.tape[$0] },
      resultType: isOperand ? x.tape.operandType : .float32)
  }
}
