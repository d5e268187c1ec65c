/// The keys and values of a sequence's positions so far.
public struct CachedRows: Sendable {
  /// Rotated keys, `[batch, capacity, width]`.
  public let keys: Buffer
  /// Values, `[batch, capacity, width]`.
  public let values: Buffer
  /// Positions that there is room for.
  public let capacity: Int
  /// Positions held.
  public let count: Int

  /// Groups the cache's parts.
  public init(keys: Buffer, values: Buffer, capacity: Int, count: Int) {
    self.keys = keys
    self.values = values
    self.capacity = capacity
    self.count = count
  }
}

/// Attention of a sequence's next positions, which see one another and everything cached.
///
/// - Parameters:
///   - y: `[batch, new, width]`.
///   - qkv: Queries, keys and values of the new positions, `[batch, new, 3 * width]`.
///   - cache: Positions so far; the rows that follow them are written.
///   - rotation: Angles of all positions; nil without a rotation.
///   - batchCount: Samples.
///   - headCount: Heads.
///   - headSize: Width of a head.
public func cachedAttention(
  into y: Buffer, _ qkv: Buffer, cache: CachedRows, rotation: RotationBuffers?, batchCount: Int,
  headCount: Int, headSize: Int
) {
  let width = headCount * headSize
  let newCount = y.count / max(1, batchCount * width)
  let total = cache.count + newCount
  precondition(
    newCount > 0 && y.count == batchCount * newCount * width && qkv.count == 3 * y.count
      && total <= cache.capacity && cache.keys.count == batchCount * cache.capacity * width
      && cache.values.count == cache.keys.count
      && rotation?.covers(total, headSize: headSize) ?? true,
    "cachedAttention: \(qkv.count) numbers after \(cache.count) of \(cache.capacity) positions, "
      + "cache of \(cache.keys.count), \(rotation?.tokenCount ?? 0) angles, \(batchCount) x "
      + "\(headCount) x \(headSize)")
  let shape = AttentionShape(
    batchCount: batchCount, queryCount: newCount, keyCount: total, headCount: headCount,
    headSize: headSize, visibleKeyCounts: nil)
  let queryRotation = HeadRotation(
    norm: nil, rotation: rotation, factor: shape.scale, headSize: headSize)
  let keyRotation = HeadRotation(norm: nil, rotation: rotation, factor: 1, headSize: headSize)
  let logSums = Buffer(.float32, count: shape.taskCount * newCount)
  parallelFor(
    shape.taskCount, with: { AttentionScratch(shape, forGradient: false) }
  ) { task, scratch in
    let (sample, head) = task.quotientAndRemainder(dividingBy: headCount)
    func packed(_ third: Int) -> HeadRows {
      HeadRows(
        start: qkv.floats + sample * newCount * 3 * width + third * width + head * headSize,
        stride: 3 * width)
    }
    func cached(_ buffer: Buffer) -> HeadRows {
      HeadRows(
        start: buffer.floats + sample * cache.capacity * width + head * headSize, stride: width)
    }
    let (keys, values) = (cached(cache.keys), cached(cache.values))
    keyRotation.apply(
      into: keys.from(cache.count), packed(1), token: cache.count, rowCount: newCount)
    values.from(cache.count).copy(packed(2), rowCount: newCount, columnCount: headSize)
    for tile in shape.tiles {
      let row = tile.lowerBound
      queryRotation.apply(
        into: scratch.queries, packed(0).from(row), token: cache.count + row,
        rowCount: tile.count)
      attend(
        into: HeadRows(
          start: y.floats + (sample * newCount + row) * width + head * headSize, stride: width),
        logSums: logSums.floats + task * newCount + row, scores: scratch.scores,
        inverseSums: scratch.rowSums, queries: scratch.queries, keys: keys, values: values,
        tile, shape)
    }
  }
}
