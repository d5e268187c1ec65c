public import Autodiff

/// Layer normalisation over the last axis.
///
///     y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias
///
/// Input and output `[..., channelCount]`. Source: Ba et al. 2016.
public struct LayerNorm {
  /// Gain, `[channelCount]`, initially one.
  public let weight: Parameter
  /// Bias, `[channelCount]`, initially zero.
  public let bias: Parameter
  /// Added to the variance.
  public let epsilon: Float

  /// Creates the parameters `weight` and `bias` in a scope.
  public init(channelCount: Int, epsilon: Float = 1e-5, in scope: ParameterScope) {
    weight = scope.parameter("weight", [channelCount], .constant(1))
    bias = scope.parameter("bias", [channelCount], .constant(0))
    self.epsilon = epsilon
  }

  /// Normalises `x`, `[..., channelCount]`; the result has the tape's operand type when it is an
  /// operand of maps only.
  public func callAsFunction(_ x: Variable, isOperand: Bool = false) -> Variable {
    layerNorm(
      x, weight: x.tape[weight], bias: x.tape[bias], epsilon: epsilon,
      resultType: isOperand ? x.tape.operandType : .float32)
  }
}

/// Root-mean-square normalisation over the last axis.
///
///     y = x / sqrt(mean(x^2) + epsilon) * weight
///
/// Input and output `[..., channelCount]`. Source: Zhang & Sennrich 2019, section 4.
public struct RMSNorm {
  /// Gain, `[channelCount]`, initially one.
  public let weight: Parameter
  /// Added to the mean square.
  public let epsilon: Float

  /// Creates the parameter `weight` in a scope.
  public init(channelCount: Int, epsilon: Float = 1e-5, in scope: ParameterScope) {
    weight = scope.parameter("weight", [channelCount], .constant(1))
    self.epsilon = epsilon
  }

  /// Normalises `x`, `[..., channelCount]`, for maps: the result has the tape's operand type.
  public func callAsFunction(_ x: Variable) -> Variable {
    rmsNorm(x, weight: x.tape[weight], epsilon: epsilon, resultType: x.tape.operandType)
  }
}

/// Group normalisation followed by an activation, channels last.
///
/// Mean and variance are those of a sample's group of channels over all pixels. Input and output
/// `[batch, height, width, channelCount]`. Source: Wu & He 2018, section 3.
public struct GroupNorm {
  /// Gain, `[channelCount]`, initially one.
  public let weight: Parameter
  /// Bias, `[channelCount]`, initially zero.
  public let bias: Parameter
  /// Number of groups; it divides the channels.
  public let groupCount: Int
  /// Added to the variance.
  public let epsilon: Float
  /// What follows.
  public let activation: Activation

  /// Creates the parameters `weight` and `bias` in a scope.
  public init(
    channelCount: Int, groupCount: Int, epsilon: Float = 1e-6, activation: Activation = .silu,
    in scope: ParameterScope
  ) {
    precondition(
      channelCount % groupCount == 0,
      "GroupNorm: \(groupCount) groups do not divide \(channelCount) channels")
    weight = scope.parameter("weight", [channelCount], .constant(1))
    bias = scope.parameter("bias", [channelCount], .constant(0))
    self.groupCount = groupCount
    self.epsilon = epsilon
    self.activation = activation
  }

  /// Normalises and activates `x`, `[batch, height, width, channelCount]`: what was activated is for a
  /// convolution and has the tape's operand type.
  public func callAsFunction(_ x: Variable) -> Variable {
    groupNorm(
      x, weight: x.tape[weight], bias: x.tape[bias], groupCount: groupCount, epsilon: epsilon,
      activation: activation, resultType: activation == .identity ? .float32 : x.tape.operandType)
  }
}
