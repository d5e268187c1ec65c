import Kernels
import Tensors

/// Layer norms over the width of a head on queries and keys, shared by all heads.
public struct HeadNorms {
  /// Gain of the queries, `[headSize]`.
  public let queryWeight: Variable
  /// Bias of the queries, `[headSize]`.
  public let queryBias: Variable
  /// Gain of the keys, `[headSize]`.
  public let keyWeight: Variable
  /// Bias of the keys, `[headSize]`.
  public let keyBias: Variable
  /// Added to the variance.
  public let epsilon: Float

  /// Groups the norms' parameters.
  public init(
    queryWeight: Variable, queryBias: Variable, keyWeight: Variable, keyBias: Variable,
    epsilon: Float
  ) {
    self.queryWeight = queryWeight
    self.queryBias = queryBias
    self.keyWeight = keyWeight
    self.keyBias = keyBias
    self.epsilon = epsilon
  }

  fileprivate var variables: [Variable] { [queryWeight, queryBias, keyWeight, keyBias] }

  fileprivate var queryBuffers: HeadNormBuffers {
    HeadNormBuffers(
      weight: queryWeight.value.buffer, bias: queryBias.value.buffer, epsilon: epsilon)
  }

  fileprivate var keyBuffers: HeadNormBuffers {
    HeadNormBuffers(weight: keyWeight.value.buffer, bias: keyBias.value.buffer, epsilon: epsilon)
  }
}

/// Multi-head self-attention of projected tokens.
///
///     q̂ = rotate(norm(q)), k̂ = rotate(norm(k));  y = softmax(q̂·k̂ᵀ/√headSize)·v
///
/// The scores of all pairs are never stored: tiles of queries are computed against the keys that
/// they see, and computed again in the pullback. Saved are `qkv` and a number a row. `qkv` and the
/// result have the tape's operand type; scores and sums are float32.
///
/// - Parameters:
///   - qkv: Queries, keys and values side by side, `[batch, tokens, 3 * width]`; head h has
///     channels `h * headSize ..< (h + 1) * headSize` of each third.
///   - headCount: Number of heads.
///   - headNorms: Norms of queries and keys; nil without them.
///   - rotary: Angles of the tokens; nil without a rotation.
///   - visibleKeyCounts: The number of leading keys that each query sees, never decreasing (a
///     block-causal mask); every key when nil.
/// - Returns: `[batch, tokens, width]`.
public func selfAttention(
  _ qkv: Variable, headCount: Int, headNorms: HeadNorms?, rotary: RotaryTable?,
  visibleKeyCounts: [Int]?
) -> Variable {
  let sizes = PackedSizes(qkv.value, headCount: headCount, "selfAttention")
  if let rotary {
    require(
      [rotary.tokenCount, 2 * rotary.pairCount], matches: [sizes.tokenCount, sizes.headSize],
      "selfAttention rotary")
  }
  for parameter in headNorms?.variables ?? [] {
    require(parameter.shape, matches: [sizes.headSize], "selfAttention head norm")
  }
  let attentionShape = AttentionShape(
    batchCount: sizes.batchCount, queryCount: sizes.tokenCount, keyCount: sizes.tokenCount,
    headCount: headCount, headSize: sizes.headSize, visibleKeyCounts: visibleKeyCounts)
  let (saved, queryNorm, keyNorm) = (
    qkv.operand, headNorms?.queryBuffers, headNorms?.keyBuffers
  )
  // Both passes see what is saved.
  func attention() -> PackedAttention {
    PackedAttention(
      saved.buffer, queryNorm: queryNorm, keyNorm: keyNorm, rotation: rotary?.buffers,
      attentionShape)
  }
  let type = qkv.tape.operandType
  let y = Tensor(uninitialized: [sizes.batchCount, sizes.tokenCount, sizes.width], type)
  let logSums = Tensor(uninitialized: [sizes.batchCount, headCount, sizes.tokenCount])
  attention().forward(into: y.buffer, logSums: logSums.buffer)
  let (shape, adjoint) = (qkv.shape, qkv.adjoint)
  let normAdjoints = headNorms?.variables.map(\.adjoint) ?? []
  return qkv.tape.record(
    y, from: [qkv] + (headNorms?.variables ?? []), gradientType: type
  ) { dy in
    let dqkv = Tensor(uninitialized: shape, adjoint?.elementType ?? .float32)
    let dnorms = Tensor(uninitialized: [4, sizes.headSize])
    attention().backward(
      into: dqkv.buffer, norms: dnorms.buffer, dy.buffer, logSums: logSums.buffer)
    adjoint?.accumulate(dqkv)
    for (index, normAdjoint) in normAdjoints.enumerated() {
      normAdjoint?.accumulate(
        dnorms.slice(index..<index + 1).reshaped(to: [sizes.headSize]))
    }
  }
}

/// Sizes of packed queries, keys and values.
struct PackedSizes {
  let batchCount: Int
  let tokenCount: Int
  let width: Int
  let headSize: Int

  init(_ qkv: Tensor, headCount: Int, _ operation: String) {
    precondition(
      qkv.dimensionCount == 3 && headCount > 0 && qkv.shape[2] % (6 * headCount) == 0
        && qkv.count > 0,
      "\(operation): shape \(qkv.shape) is no [batch, tokens, 3 * width] with \(headCount) heads "
        + "of an even width")
    batchCount = qkv.shape[0]
    tokenCount = qkv.shape[1]
    width = qkv.shape[2] / 3
    headSize = width / headCount
  }
}
