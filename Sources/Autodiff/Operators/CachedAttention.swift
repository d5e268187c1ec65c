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

  fileprivate func append(_ count: Int) { tokenCount += count }
}

/// Attention of a sequence's next positions, without gradients.
///
/// The new positions see one another and everything cached; their keys and values are appended.
///
/// - Parameters:
///   - qkv: Queries, keys and values of the new positions, `[batch, new, 3 * width]`.
///   - headCount: Number of heads.
///   - rotary: Angles of all positions; nil without a rotation.
///   - cache: The positions so far.
/// - Returns: `[batch, new, width]`.
public func cachedAttention(
  _ qkv: Variable, headCount: Int, rotary: RotaryTable?, cache: KeyValueCache
) -> Variable {
  precondition(!qkv.tape.isRecording, "cachedAttention: the tape records, there is no pullback")
  let sizes = PackedSizes(qkv.value, headCount: headCount, "cachedAttention")
  let capacity = cache.keys.shape[1]
  require(
    cache.keys.shape, matches: [sizes.batchCount, capacity, sizes.width], "cachedAttention cache")
  precondition(
    cache.tokenCount + sizes.tokenCount <= min(capacity, rotary?.tokenCount ?? capacity),
    "cachedAttention: \(sizes.tokenCount) positions after \(cache.tokenCount) in a cache for "
      + "\(capacity), with angles of \(rotary?.tokenCount ?? capacity)")
  let y = Tensor(uninitialized: [sizes.batchCount, sizes.tokenCount, sizes.width])
  cachedAttention(
    into: y.buffer, qkv.value.buffer,
    cache: CachedRows(
      keys: cache.keys.buffer, values: cache.values.buffer, capacity: capacity,
      count: cache.tokenCount),
    rotation: rotary?.buffers, batchCount: sizes.batchCount, headCount: headCount,
    headSize: sizes.headSize)
  cache.append(sizes.tokenCount)
  return Variable(constant: y, on: qkv.tape)
}
