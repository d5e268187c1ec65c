public import Autodiff

/// A pre-norm transformer block, with LayerScale or without.
///
///     x = x + γ₁·Attention(LN(x));  x = x + γ₂·MLP(LN(x)),  MLP(x) = W₂·gelu(W₁·x + b₁) + b₂
///
/// Tokens `[batch, tokens, width]`; the MLP is four times as wide. Source: Dosovitskiy et al. 2021,
/// equations 2 and 3; LayerScale: Touvron et al. 2021 (CaiT), section 2.
public struct TransformerBlock {
  /// The form of GELU.
  public enum Activation: Sendable, Equatable {
    /// With the normal distribution function.
    case exactGELU
    /// With a hyperbolic tangent.
    case tanhGELU
  }

  /// What a block consists of.
  public struct Configuration: Sendable {
    /// Channels of a token.
    public var width: Int
    /// Number of heads; it divides the width.
    public var headCount: Int
    /// Which of q, k and v have a bias.
    public var attentionBias: MultiHeadAttention.Bias
    /// Whether queries and keys are normalised head by head.
    public var hasHeadNorms: Bool
    /// Added to the variance by the norms before attention and MLP.
    public var epsilon: Float
    /// Published names of γ₁ and γ₂; nil without LayerScale.
    public var layerScaleNames: [String]?
    /// The MLP's activation.
    public var activation: Activation

    /// Groups the choices.
    public init(
      width: Int, headCount: Int, attentionBias: MultiHeadAttention.Bias,
      hasHeadNorms: Bool = false,
      epsilon: Float = 1e-5, layerScaleNames: [String]? = nil, activation: Activation = .exactGELU
    ) {
      self.width = width
      self.headCount = headCount
      self.attentionBias = attentionBias
      self.hasHeadNorms = hasHeadNorms
      self.epsilon = epsilon
      self.layerScaleNames = layerScaleNames
      self.activation = activation
    }
  }

  private let norm1: LayerNorm
  private let attention: MultiHeadAttention
  private let norm2: LayerNorm
  private let expansion: Linear
  private let contraction: Linear
  /// γ₁ and γ₂; empty without LayerScale.
  private let layerScales: [Parameter]
  private let activation: Activation

  /// Creates the parameters `norm1`, `attn.qkv`, `attn.proj`, `norm2`, `mlp.fc1`, `mlp.fc2` and those of
  /// the configuration in a scope.
  ///
  /// - Parameters:
  ///   - configuration: What the block consists of.
  ///   - initializer: How the weights of a new model are drawn; biases begin at zero, γ at one.
  ///   - scope: Where the parameters are named.
  public init(_ configuration: Configuration, initializer: Initializer, in scope: ParameterScope) {
    let width = configuration.width
    norm1 = LayerNorm(channelCount: width, epsilon: configuration.epsilon, in: scope["norm1"])
    attention = MultiHeadAttention(
      MultiHeadAttention.Configuration(
        width: width, headCount: configuration.headCount, projection: .packed(name: "qkv"),
        bias: configuration.attentionBias, hasHeadNorms: configuration.hasHeadNorms,
        outputName: "proj", hasOutputBias: true),
      initializer: initializer, in: scope["attn"])
    let names = configuration.layerScaleNames ?? []
    precondition(
      names.isEmpty || names.count == 2, "TransformerBlock: LayerScale of \(names), not of two")
    let gamma1 = names.first.map { scope.parameter($0, [width], .constant(1)) }
    norm2 = LayerNorm(channelCount: width, epsilon: configuration.epsilon, in: scope["norm2"])
    expansion = Linear(
      inputSize: width, outputSize: 4 * width, initializer: initializer, in: scope["mlp"]["fc1"])
    contraction = Linear(
      inputSize: 4 * width, outputSize: width, initializer: initializer, in: scope["mlp"]["fc2"])
    let gamma2 = names.last.map { scope.parameter($0, [width], .constant(1)) }
    layerScales = [gamma1, gamma2].compactMap { $0 }
    activation = configuration.activation
  }

  /// Runs the block on `x`, `[batch, tokens, width]`.
  ///
  /// - Parameters:
  ///   - x: The tokens.
  ///   - rotary: The tokens' rotary angles; nil without a rotation.
  ///   - mask: What each token sees; everything when nil.
  ///   - merge: Stands between the block's halves.
  /// - Returns: `[batch, tokens, width]`; as many tokens as `merge` gives.
  public func callAsFunction(
    _ x: Variable, rotary: RotaryTable?, mask: BlockCausalMask? = nil,
    merge: ((Variable) -> Variable)? = nil
  ) -> Variable {
    x.tape.recomputing(x) { run($0, rotary: rotary, mask: mask, merge: merge) }
  }

  private func run(
    _ x: Variable, rotary: RotaryTable?, mask: BlockCausalMask?, merge: ((Variable) -> Variable)?
  ) -> Variable {
    // A branch that LayerScale reads is an operand of nothing else.
    let isOperand = !layerScales.isEmpty
    let attended = residualSum(
      x,
      attention(norm1(x, isOperand: true), rotary: rotary, mask: mask, isOperand: isOperand),
      scale: layerScales.first)
    let merged = merge.map { $0(attended) } ?? attended
    return residualSum(
      merged, contraction(expanded(norm2(merged, isOperand: true)), isOperand: isOperand),
      scale: layerScales.last)
  }

  private func residualSum(_ x: Variable, _ branch: Variable, scale: Parameter?) -> Variable {
    guard let scale else { return add(x, branch) }
    return residual(x, branch, scale: x.tape[scale])
  }

  /// The MLP's hidden layer.
  private func expanded(_ x: Variable) -> Variable {
    switch activation {
    case .exactGELU: expansion.gelu(x)
    case .tanhGELU: geluTanh(expansion(x))
    }
  }
}
