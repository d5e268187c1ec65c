public import Autodiff

/// The vision transformer's self-attention: one projection to q, k, v with learned biases for q and
/// v, normalised and rotated queries and keys, softmax attention, an output projection with bias.
///
/// Input and output `[batch, tokens, width]`. Source: Docs/Method.md, section 3 (block).
public struct MultiHeadAttention {
  /// Projection to q, k and v, `[3 * width, width]`.
  public let qkv: Linear
  /// Bias of the queries, `[width]`.
  public let queryBias: Parameter
  /// Bias of the values, `[width]`.
  public let valueBias: Parameter
  /// Normalisation of each head's queries.
  public let queryNorm: LayerNorm
  /// Normalisation of each head's keys.
  public let keyNorm: LayerNorm
  /// Output projection.
  public let projection: Linear
  /// Number of heads; it divides the width.
  public let headCount: Int

  /// Creates the parameters under their published names in a scope.
  public init(width: Int, headCount: Int, initializer: Initializer, in scope: ParameterScope) {
    precondition(
      width % headCount == 0, "MultiHeadAttention: \(headCount) heads do not divide \(width)")
    qkv = Linear(
      inputSize: width, outputSize: 3 * width, hasBias: false, initializer: initializer,
      in: scope["qkv"])
    queryBias = scope.parameter("q_bias", [width], .constant(0))
    valueBias = scope.parameter("v_bias", [width], .constant(0))
    queryNorm = LayerNorm(channelCount: width / headCount, in: scope["q_norm"])
    keyNorm = LayerNorm(channelCount: width / headCount, in: scope["k_norm"])
    projection = Linear(
      inputSize: width, outputSize: width, initializer: initializer, in: scope["proj"])
    self.headCount = headCount
  }

  /// Attends within `x`, `[batch, tokens, width]`.
  ///
  /// - Parameters:
  ///   - x: The tokens.
  ///   - rotary: The tokens' rotary angles.
  ///   - mask: What each token sees; everything when nil.
  /// - Returns: `[batch, tokens, width]`, of the tape's operand type: the branch of a residual connection.
  public func callAsFunction(_ x: Variable, rotary: RotaryTable, mask: BlockCausalMask?) -> Variable
  {
    let tape = x.tape
    let packed = linear(
      x, weight: tape[qkv.weight], bias: packedBias(tape),
      resultType: tape.operandType)  // [batch, tokens, 3 * width]
    let norms = HeadNorms(
      queryWeight: tape[queryNorm.weight], queryBias: tape[queryNorm.bias],
      keyWeight: tape[keyNorm.weight], keyBias: tape[keyNorm.bias], epsilon: queryNorm.epsilon)
    return projection(
      selfAttention(
        packed, headCount: headCount, headNorms: norms, rotary: rotary,
        visibleKeyCounts: mask?.visibleKeyCounts), isOperand: true)
  }

  /// The biases of q, k and v in one vector; the keys have none.
  private func packedBias(_ tape: Tape) -> Variable {
    let width = queryBias.elementCount
    let none = Variable(constant: .init(repeating: 0, shape: [1, width, 1]), on: tape)
    let parts = [
      reshape(tape[queryBias], to: [1, width, 1]), none,
      reshape(tape[valueBias], to: [1, width, 1]),
    ]
    return reshape(concatenateTokens(parts), to: [3 * width])
  }
}
