import Kernels
import Tensors

/// The keys and values of the positions that a sequence has so far, for sampling.
public final class KeyValueCache {
  /// Rotated keys, `[batch, capacity, width]`.
  let keys: Tensor
  /// Values, `[batch, capacity, width]`.
  let values: Tensor
  /// Positions held.
  public private(set) var tokenCount = 0

  /// An empty cache for `capacity` positions.
  public init(batchCount: Int, capacity: Int, width: Int) {
    keys = Tensor(uninitialized: [batchCount, capacity, width])
    values = Tensor(uninitialized: [batchCount, capacity, width])
  }

  func append(_ count: Int) { tokenCount += count }
}

/// Attention of a sequence's next positions, without gradients.
///
/// The new positions see one another and everything cached; their keys and values are appended.
///
/// - Parameters:
///   - qkv: Queries, keys and values of the new positions, `[batch, new, 3 * width]`.
///   - headCount: Number of heads.
///   - rotary: Angles of all positions.
///   - cache: The positions so far.
/// - Returns: `[batch, new, width]`.
public func cachedAttention(
  _ qkv: Variable, headCount: Int, rotary: RotaryTable, cache: KeyValueCache
) -> Variable {
  precondition(!qkv.tape.isRecording, "cachedAttention: the tape records, there is no pullback")
  let sizes = PackedSizes(qkv.value, headCount: headCount, "cachedAttention")
  let (first, count) = (cache.tokenCount, sizes.tokenCount)
  let capacity = cache.keys.shape[1]
  precondition(
    cache.keys.shape == [sizes.batchCount, capacity, sizes.width] && first + count <= capacity
      && first + count <= rotary.tokenCount,
    "cachedAttention: \(count) positions after \(first) in a cache of \(cache.keys.shape)")
  let queries = Tensor(uninitialized: [sizes.batchCount, count, sizes.width])
  for sample in 0..<sizes.batchCount {
    let packed = qkv.value.slice(sample..<sample + 1)
    let place = sample * capacity + first
    let targets = [
      (0, rows(queries, sizes.width, row: sample * count, sampleRowCount: count)),
      (1, rows(cache.keys, sizes.width, row: place, sampleRowCount: capacity)),
    ]
    for (third, target) in targets {
      normalizeRotate(
        into: target, sizes.rows(packed, third: third, of: 3), headCount: headCount,
        headSize: sizes.headSize, norm: nil, rotation: rotary.buffers, firstToken: first,
        rowCount: count)
    }
    copyRows(
      into: rows(cache.values, sizes.width, row: place, sampleRowCount: capacity),
      sizes.rows(packed, third: 2, of: 3), rowCount: count, columnCount: sizes.width)
  }
  cache.append(count)
  let y = Tensor(uninitialized: [sizes.batchCount, count, sizes.width])
  let logSums = Tensor(uninitialized: [sizes.batchCount, headCount, count])
  attention(
    into: sizes.rows(y, third: 0, of: 1), logSums: logSums.buffer,
    queries: sizes.rows(queries, third: 0, of: 1),
    keys: rows(cache.keys, sizes.width, row: 0, sampleRowCount: capacity),
    values: rows(cache.values, sizes.width, row: 0, sampleRowCount: capacity),
    AttentionShape(
      batchCount: sizes.batchCount, queryCount: count, keyCount: first + count,
      headCount: headCount, headSize: sizes.headSize, visibleKeyCounts: nil))
  return Variable(constant: y, on: qkv.tape)
}

private func rows(_ tensor: Tensor, _ width: Int, row: Int, sampleRowCount: Int) -> HeadRows {
  HeadRows(tensor.buffer, offset: row * width, stride: width, sampleRowCount: sampleRowCount)
}
