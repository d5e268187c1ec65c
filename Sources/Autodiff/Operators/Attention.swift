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
/// they see, and computed again in the pullback.
///
/// - Parameters:
///   - qkv: Queries, keys and values side by side, `[batch, tokens, 3 * width]`; head h has
///     channels `h * headSize ..< (h + 1) * headSize` of each third.
///   - headCount: Number of heads.
///   - headNorms: Norms of queries and keys; nil without them.
///   - rotary: Angles of the tokens.
///   - visibleKeyCounts: The number of leading keys that each query sees, never decreasing (a
///     block-causal mask); every key when nil.
/// - Returns: `[batch, tokens, width]`.
public func selfAttention(
  _ qkv: Variable, headCount: Int, headNorms: HeadNorms?, rotary: RotaryTable,
  visibleKeyCounts: [Int]?
) -> Variable {
  let sizes = PackedSizes(qkv.value, headCount: headCount, "selfAttention")
  precondition(
    rotary.tokenCount == sizes.tokenCount && rotary.pairCount * 2 == sizes.headSize,
    "selfAttention: \(rotary.tokenCount) x \(rotary.pairCount) angles for \(qkv.shape)")
  let shape = AttentionShape(
    batchCount: sizes.batchCount, queryCount: sizes.tokenCount, keyCount: sizes.tokenCount,
    headCount: headCount, headSize: sizes.headSize, visibleKeyCounts: visibleKeyCounts)
  let saved = qkv.value
  let rotated = Tensor(
    uninitialized: [sizes.batchCount, sizes.tokenCount, 2 * sizes.width])  // q̂ and k̂
  let y = Tensor(uninitialized: [sizes.batchCount, sizes.tokenCount, sizes.width])
  let logSums = Tensor(uninitialized: [sizes.batchCount, headCount, sizes.tokenCount])
  for (third, norm) in [(0, headNorms?.queryBuffers), (1, headNorms?.keyBuffers)] {
    normalizeRotate(
      into: sizes.rows(rotated, third: third, of: 2), sizes.rows(saved, third: third, of: 3),
      headCount: headCount, headSize: sizes.headSize, norm: norm, rotation: rotary.buffers,
      rowCount: sizes.rowCount)
  }
  attention(
    into: sizes.rows(y, third: 0, of: 1), logSums: logSums.buffer,
    queries: sizes.rows(rotated, third: 0, of: 2), keys: sizes.rows(rotated, third: 1, of: 2),
    values: sizes.rows(saved, third: 2, of: 3), shape)
  let adjoint = qkv.adjoint
  let normAdjoints = headNorms.map { norms in norms.variables.map(\.adjoint) }
  let normBuffers = headNorms.map { [$0.queryBuffers, $0.keyBuffers] }
  return qkv.tape.record(y, from: [qkv] + (headNorms?.variables ?? [])) { dy in
    let drotated = Tensor(uninitialized: rotated.shape)
    let dqkv = Tensor(uninitialized: saved.shape)
    attentionGradient(
      queries: sizes.rows(drotated, third: 0, of: 2),
      keys: sizes.rows(drotated, third: 1, of: 2), values: sizes.rows(dqkv, third: 2, of: 3),
      sizes.rows(dy, third: 0, of: 1), output: sizes.rows(y, third: 0, of: 1),
      logSums: logSums.buffer, queries: sizes.rows(rotated, third: 0, of: 2),
      keys: sizes.rows(rotated, third: 1, of: 2), values: sizes.rows(saved, third: 2, of: 3),
      shape)
    for third in 0..<2 {
      rotationPullback(
        dqkv, drotated, saved, third: third, sizes, rotary, norm: normBuffers?[third],
        weight: normAdjoints?[2 * third], bias: normAdjoints?[2 * third + 1])
    }
    adjoint?.accumulate(dqkv)
  }
}

/// From the gradient of the rotated queries (third 0) or keys (third 1) to that of the projection.
private func rotationPullback(
  _ dqkv: Tensor, _ drotated: Tensor, _ qkv: Tensor, third: Int, _ sizes: PackedSizes,
  _ rotary: RotaryTable, norm: HeadNormBuffers?, weight: Adjoint?, bias: Adjoint?
) {
  func run(_ parameters: (weight: Buffer, bias: Buffer, isAdding: (Bool, Bool))?) {
    normalizeRotateGradient(
      into: sizes.rows(dqkv, third: third, of: 3), parameters: parameters,
      sizes.rows(drotated, third: third, of: 2), sizes.rows(qkv, third: third, of: 3),
      headCount: sizes.headCount, headSize: sizes.headSize, norm: norm,
      rotation: rotary.buffers, rowCount: sizes.rowCount)
  }
  guard norm != nil else { return run(nil) }
  accumulatePair(weight, bias, shape: [sizes.headSize]) { dweight, dbias, isAdding in
    run((weight: dweight, bias: dbias, isAdding: isAdding))
  }
}

/// Sizes of packed queries, keys and values, and views of their thirds.
struct PackedSizes {
  let batchCount: Int
  let tokenCount: Int
  let width: Int
  let headCount: Int

  init(_ qkv: Tensor, headCount: Int, _ operation: String) {
    precondition(
      qkv.dimensionCount == 3 && qkv.shape[2] % (3 * headCount) == 0
        && qkv.shape[2] / (3 * headCount) % 2 == 0,
      "\(operation): shape \(qkv.shape) with \(headCount) heads")
    batchCount = qkv.shape[0]
    tokenCount = qkv.shape[1]
    width = qkv.shape[2] / 3
    self.headCount = headCount
  }

  var headSize: Int { width / headCount }

  var rowCount: Int { batchCount * tokenCount }

  /// Part `third` of rows of `count` parts side by side.
  func rows(_ tensor: Tensor, third: Int, of count: Int) -> HeadRows {
    HeadRows(
      tensor.buffer, offset: third * width, stride: count * width, sampleRowCount: tokenCount)
  }
}
