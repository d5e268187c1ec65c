import CKernels

/// Self-attention of queries, keys and values that lie side by side in `[batch, tokens, 3 * width]`.
///
///     q̂ = rotate(norm(q)), k̂ = rotate(norm(k));  y = softmax(q̂·k̂ᵀ/√headSize)·v
///
/// Norms and rotation are each left out when there are none.
/// Each head of each sample is a task of its own; its queries run in tiles, so that the scores of
/// all pairs are never stored, and a tile looks at no key that none of its queries sees. The
/// gradient computes q̂, k̂ and the probabilities again instead of reading them from memory.
/// Operands, result and gradients are float32 or bfloat16. Where the processor multiplies bfloat16
/// numbers, rotated queries and keys, probabilities and their gradients are rounded for the products;
/// sums, softmax and everything else in between are float32.
public struct PackedAttention {
  let qkv: Buffer
  let shape: AttentionShape
  let route: BFloat16Route
  /// From a projection to queries, which are scaled for the scores.
  let queryRotation: HeadRotation
  /// From a projection to keys.
  let keyRotation: HeadRotation
  /// What the rotations read.
  private let parameters: (HeadNormBuffers?, HeadNormBuffers?, RotationBuffers?)

  /// Groups the operands.
  ///
  /// - Parameters:
  ///   - qkv: Head h has channels `h * headSize ..< (h + 1) * headSize` of each third.
  ///   - queryNorm: Norm of the queries before the rotation; nil without one.
  ///   - keyNorm: Norm of the keys, likewise.
  ///   - rotation: Angles of the tokens; nil without a rotation.
  ///   - shape: Sizes and mask; there are as many queries as keys.
  ///   - route: How bfloat16 operands are multiplied.
  public init(
    _ qkv: Buffer, queryNorm: HeadNormBuffers?, keyNorm: HeadNormBuffers?,
    rotation: RotationBuffers?, _ shape: AttentionShape, route: BFloat16Route = .preferred
  ) {
    precondition(
      shape.queryCount == shape.keyCount
        && qkv.count == shape.batchCount * shape.keyCount * 3 * shape.width
        && rotation?.covers(shape.keyCount, headSize: shape.headSize) ?? true,
      "PackedAttention: \(qkv.count) numbers, \(rotation?.cosines.count ?? 0) angles for "
        + "\(shape.batchCount) x \(shape.keyCount) tokens of \(shape.headCount) x "
        + "\(shape.headSize) channels")
    self.qkv = qkv
    queryRotation = HeadRotation(
      norm: queryNorm, rotation: rotation, factor: shape.scale, headSize: shape.headSize)
    keyRotation = HeadRotation(
      norm: keyNorm, rotation: rotation, factor: 1, headSize: shape.headSize)
    parameters = (queryNorm, keyNorm, rotation)
    self.shape = shape
    self.route = route
  }

  /// Computes y, `[batch, tokens, width]`, and log Σ e^score, `[batch, heads, tokens]`.
  public func forward(into y: Buffer, logSums: Buffer) {
    check(y, logSums)
    if takesBFloat16 { return forwardBFloat16(into: y, logSums) }
    parallelFor(
      shape.taskCount, with: { AttentionScratch(shape, forGradient: false) }
    ) { task, scratch in
      forward(task, into: y, logSums.floats + task * shape.queryCount, scratch)
    }
  }

  /// One head of one sample.
  private func forward(
    _ task: Int, into y: Buffer, _ logSums: UnsafeMutablePointer<Float>,
    _ scratch: AttentionScratch
  ) {
    let packed = PackedHead(qkv, shape, task: task, isRead: true)
    let output = HeadPart(y, shape, task: task, isRead: false)
    keyRotation.apply(into: scratch.keys, packed.keys, token: 0, rowCount: shape.keyCount)
    for tile in shape.tiles {
      let row = tile.lowerBound
      queryRotation.apply(
        into: scratch.queries, packed.queries.from(row), token: row, rowCount: tile.count)
      attend(
        into: output.rows.from(row), logSums: logSums + row, scores: scratch.scores,
        inverseSums: scratch.rowSums, queries: scratch.queries, keys: scratch.keys,
        values: packed.values, tile, shape)
    }
    output.store()
    withExtendedLifetime(packed) {}
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
    if takesBFloat16 {
      backwardBFloat16(shares, dqkv, dy.elementType == .bfloat16 ? dy : dy.rounded, logSums)
    } else {
      shares.compute(with: { AttentionScratch(shape, forGradient: true) }) { share, task, scratch in
        backward(
          task.lowerBound, share: share, dqkv, dy,
          logSums.floats + task.lowerBound * shape.queryCount, scratch)
      }
    }
    shares.add(into: dnorms, from: 0, isAdding: false)
  }

  /// One head of one sample.
  ///
  /// Tiles run from the last to the first: the last sees every key that any tile sees, so that it
  /// can write the gradients of keys and values that the others add to.
  private func backward(
    _ task: Int, share: UnsafeMutablePointer<Float>, _ dqkv: Buffer, _ dy: Buffer,
    _ logSums: UnsafeMutablePointer<Float>, _ scratch: AttentionScratch
  ) {
    let packed = PackedHead(qkv, shape, task: task, isRead: true)
    let doutput = HeadPart(dy, shape, task: task, isRead: true)
    let dpacked = PackedHead(dqkv, shape, task: task, isRead: false)
    keyRotation.apply(into: scratch.keys, packed.keys, token: 0, rowCount: shape.keyCount)
    zeroUnseen(scratch.dkeys, dpacked.values)
    for tile in shape.tiles.reversed() {
      let row = tile.lowerBound
      queryRotation.apply(
        into: scratch.queries, packed.queries.from(row), token: row, rowCount: tile.count)
      AttentionHeadGradient(
        dqueries: scratch.dqueries, dkeys: scratch.dkeys, dvalues: dpacked.values,
        doutput: doutput.rows.from(row), logSums: logSums + row, queries: scratch.queries,
        keys: scratch.keys, values: packed.values
      ).run(tile, shape, probabilities: scratch.scores, gradients: scratch.dscores)
      queryRotation.pullBack(
        into: dpacked.queries.from(row), share: share, scratch.dqueries, packed.queries.from(row),
        token: row, rowCount: tile.count)
    }
    keyRotation.pullBack(
      into: dpacked.keys, share: share + 2 * shape.headSize, scratch.dkeys, packed.keys, token: 0,
      rowCount: shape.keyCount)
    dpacked.store()
    withExtendedLifetime((packed, doutput)) {}
  }

  /// Clears the gradients of keys and values that no query sees.
  func zeroUnseen(_ dkeys: HeadRows, _ dvalues: HeadRows) {
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
