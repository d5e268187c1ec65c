public import Autodiff

/// A convolution, channels last; it keeps the image's size unless it is told otherwise ("same" zero
/// padding, stride 1).
///
/// Input `[batch, height, width, inputCount]`, output `[batch, height, width, outputCount]`, with the
/// height and width that padding and stride give.
public struct Convolution {
  /// Weights, `[outputCount, kernelSize, kernelSize, inputCount]`; published with the input channels
  /// before the kernel's axes.
  public let weight: Parameter
  /// Bias, `[outputCount]`; nil without one.
  public let bias: Parameter?
  /// Pixels from one place of the kernel to the next, on either axis.
  public let stride: Int
  /// What surrounds an image.
  public let padding: ConvolutionPadding

  /// Creates the layer's parameters `weight` and `bias` in a scope.
  ///
  /// - Parameters:
  ///   - inputCount: Channels of the input.
  ///   - outputCount: Channels of the output.
  ///   - kernelSize: Height and width of the kernel; odd with `.same` padding.
  ///   - stride: Pixels from one place of the kernel to the next, on either axis.
  ///   - padding: What surrounds an image; `.same` when nil.
  ///   - hasBias: Whether there is a bias.
  ///   - initializer: How the weights of a new model are drawn.
  ///   - biasInitializer: How the biases of a new model are drawn.
  ///   - scope: Where the parameters are named.
  public init(
    inputCount: Int, outputCount: Int, kernelSize: Int = 3, stride: Int = 1,
    padding: ConvolutionPadding? = nil, hasBias: Bool, initializer: Initializer,
    biasInitializer: Initializer = .constant(0), in scope: ParameterScope
  ) {
    weight = scope.parameter(
      "weight", [outputCount, kernelSize, kernelSize, inputCount], initializer,
      layout: .convolution, isOperand: true)
    bias = hasBias ? scope.parameter("bias", [outputCount], biasInitializer) : nil
    self.stride = stride
    self.padding = padding ?? .same
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
      x, weight: x.tape[weight], bias: bias.map { x.tape[$0] }, stride: stride, padding: padding,
      resultType: isOperand ? x.tape.operandType : .float32)
  }
}
