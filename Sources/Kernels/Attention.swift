import CKernels

/// Self-attention of queries, keys and values that lie side by side in `[batch, tokens, 3 * width]`.
///
///     q̂ = rotate(norm(q)), k̂ = rotate(norm(k));  y = softmax(q̂·k̂ᵀ/√headSize)·v
///
/// Each head of each sample is a task of its own; its queries run in tiles, so that the scores of
/// all pairs are never stored, and a tile looks at no key that none of its queries sees. The
/// gradient computes q̂, k̂ and the probabilities again instead of reading them from memory.
public struct PackedAttention: Sendable {
  private let qkv: Buffer
  private let queryNorm: HeadNormBuffers?
  private let keyNorm: HeadNormBuffers?
  private let rotation: RotationBuffers
  private let shape: AttentionShape

  /// Groups the operands.
  ///
  /// - Parameters:
  ///   - qkv: Head h has channels `h * headSize ..< (h + 1) * headSize` of each third.
  ///   - queryNorm: Norm of the queries before the rotation; nil without one.
  ///   - keyNorm: Norm of the keys, likewise.
  ///   - rotation: Angles of the tokens.
  ///   - shape: Sizes and mask; there are as many queries as keys.
  public init(
    _ qkv: Buffer, queryNorm: HeadNormBuffers?, keyNorm: HeadNormBuffers?,
    rotation: RotationBuffers, _ shape: AttentionShape
  ) {
    precondition(
      shape.queryCount == shape.keyCount
        && qkv.count == shape.batchCount * shape.keyCount * 3 * shape.width
        && rotation.covers(shape.keyCount, headSize: shape.headSize),
      "PackedAttention: \(qkv.count) numbers, \(rotation.cosines.count) angles for "
        + "\(shape.batchCount) x \(shape.keyCount) tokens of \(shape.headCount) x "
        + "\(shape.headSize) channels")
    self.qkv = qkv
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
    self.rotation = rotation
    self.shape = shape
  }

  /// Computes y, `[batch, tokens, width]`, and log Σ e^score, `[batch, heads, tokens]`.
  public func forward(into y: Buffer, logSums: Buffer) {
    check(y, logSums)
    let (queryRotation, keyRotation) = rotations
    let sums = logSums.floats
    parallelFor(shape.taskCount) { tasks in
      let scratch = AttentionScratch(shape, forGradient: false)
      let (keys, queries) = (scratch.keys, scratch.queries)
      for task in tasks {
        keyRotation.apply(
          into: keys, rows(qkv, task, third: 1, of: 3), token: 0, rowCount: shape.keyCount)
        for tile in shape.tiles {
          queryRotation.apply(
            into: queries, rows(qkv, task, third: 0, of: 3).from(tile.lowerBound),
            token: tile.lowerBound, rowCount: tile.count)
          attend(
            into: rows(y, task, third: 0, of: 1).from(tile.lowerBound),
            logSums: sums + task * shape.queryCount + tile.lowerBound, scores: scratch.scores,
            inverseSums: scratch.rowSums, queries: queries, keys: keys,
            values: rows(qkv, task, third: 2, of: 3), tile, shape)
        }
      }
      withExtendedLifetime(scratch) {}
    }
  }

  /// Computes the gradients.
  ///
  /// - Parameters:
  ///   - dqkv: Gradient of the operands, `[batch, tokens, 3 * width]`.
  ///   - dnorms: Gradients of the norms' parameters, `[4, headSize]`: gain and bias of the queries,
  ///     gain and bias of the keys; zero without norms.
  ///   - dy: Gradient of the result.
  ///   - logSums: What the forward pass kept.
  public func backward(
    into dqkv: Buffer, norms dnorms: Buffer, _ dy: Buffer, logSums: Buffer
  ) {
    check(dy, logSums)
    precondition(
      dqkv.count == qkv.count && dnorms.count == 4 * shape.headSize,
      "PackedAttention: \(dqkv.count), \(dnorms.count) gradients for \(qkv.count) operands, "
        + "heads of \(shape.headSize)")
    let shares = ChunkShares(rowCount: shape.taskCount, chunkSize: 1, width: 4 * shape.headSize)
    shares.compute { share, task in
      backward(
        task.lowerBound, share: share, dqkv, dy,
        logSums.floats + task.lowerBound * shape.queryCount)
    }
    shares.add(into: dnorms, from: 0, isAdding: false)
  }

  /// One head of one sample.
  ///
  /// Tiles run from the last to the first: the last sees every key that any tile sees, so that it
  /// can write the gradients of keys and values that the others add to.
  private func backward(
    _ task: Int, share: UnsafeMutablePointer<Float>, _ dqkv: Buffer, _ dy: Buffer,
    _ logSums: UnsafeMutablePointer<Float>
  ) {
    let scratch = AttentionScratch(shape, forGradient: true)
    let (queryRotation, keyRotation) = rotations
    let packedKeys = rows(qkv, task, third: 1, of: 3)
    let dvalues = rows(dqkv, task, third: 2, of: 3)
    keyRotation.apply(into: scratch.keys, packedKeys, token: 0, rowCount: shape.keyCount)
    zeroUnseen(scratch.dkeys, dvalues)
    for tile in shape.tiles.reversed() {
      let row = tile.lowerBound
      let packedQueries = rows(qkv, task, third: 0, of: 3).from(row)
      queryRotation.apply(into: scratch.queries, packedQueries, token: row, rowCount: tile.count)
      AttentionHeadGradient(
        dqueries: scratch.dqueries, dkeys: scratch.dkeys, dvalues: dvalues,
        doutput: rows(dy, task, third: 0, of: 1).from(row),
        logSums: logSums + row, queries: scratch.queries, keys: scratch.keys,
        values: rows(qkv, task, third: 2, of: 3)
      ).run(tile, shape, probabilities: scratch.scores, gradients: scratch.dscores)
      queryRotation.pullBack(
        into: rows(dqkv, task, third: 0, of: 3).from(row), share: share, scratch.dqueries,
        packedQueries, token: row, rowCount: tile.count)
    }
    keyRotation.pullBack(
      into: rows(dqkv, task, third: 1, of: 3), share: share + 2 * shape.headSize, scratch.dkeys,
      packedKeys, token: 0, rowCount: shape.keyCount)
    withExtendedLifetime(scratch) {}
  }

  /// The rotations of queries, which are scaled for the scores, and of keys.
  private var rotations: (queries: HeadRotation, keys: HeadRotation) {
    (
      HeadRotation(
        norm: queryNorm, rotation: rotation, factor: shape.scale, headSize: shape.headSize),
      HeadRotation(norm: keyNorm, rotation: rotation, factor: 1, headSize: shape.headSize)
    )
  }

  /// The rows of head `task % headCount` of sample `task / headCount` in part `third` of `count`.
  private func rows(_ buffer: Buffer, _ task: Int, third: Int, of count: Int) -> HeadRows {
    let (sample, head) = task.quotientAndRemainder(dividingBy: shape.headCount)
    let stride = count * shape.width
    return HeadRows(
      start: buffer.floats + sample * shape.keyCount * stride + third * shape.width
        + head * shape.headSize, stride: stride)
  }

  private func zeroUnseen(_ dkeys: HeadRows, _ dvalues: HeadRows) {
    for row in Int(shape.visibleKeyCounts.last ?? 0)..<shape.keyCount {
      for target in [dkeys, dvalues] {
        target.from(row).start.update(repeating: 0, count: shape.headSize)
      }
    }
  }

  private func check(_ y: Buffer, _ logSums: Buffer) {
    precondition(
      3 * y.count == qkv.count && logSums.count == shape.taskCount * shape.queryCount,
      "PackedAttention: \(y.count) results, \(logSums.count) log sums for \(qkv.count) operands")
  }
}
