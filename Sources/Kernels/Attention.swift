import CKernels

/// softmax(q·kᵀ/√d)·v in tiles of queries, so that the scores of all pairs are never stored.
///
/// A tile looks at no key that none of its queries sees.
///
/// - Parameters:
///   - output: `[batch, queries, width]`.
///   - logSums: log Σ e^score, `[batch, heads, queries]`, kept for the gradient.
///   - queries: Rotated queries.
///   - keys: Rotated keys.
///   - values: Values.
///   - shape: Sizes and mask.
public func attention(
  into output: HeadRows, logSums: Buffer, queries: HeadRows, keys: HeadRows, values: HeadRows,
  _ shape: AttentionShape
) {
  let sums = logSums.floats
  parallelFor(shape.batchCount * shape.headCount) { tasks in
    let scratch = Buffer(
      .float32, count: shape.tileRowCount * (shape.keyCount + 1))
    let scores = scratch.floats
    let inverseSums = scores + shape.tileRowCount * shape.keyCount
    for task in tasks {
      let (sample, head) = (task / shape.headCount, task % shape.headCount)
      let column = head * shape.headSize
      let key = keys.start(sample: sample, row: 0, column: column)
      let value = values.start(sample: sample, row: 0, column: column)
      for tile in shape.tiles {
        let seen = Int(shape.visibleKeyCounts[tile.upperBound - 1])
        let target = output.start(sample: sample, row: tile.lowerBound, column: column)
        serialProduct(
          into: scores, stride: seen, rowCount: tile.count, columnCount: seen,
          depth: shape.headSize,
          .init(
            queries.start(sample: sample, row: tile.lowerBound, column: column),
            stride: queries.stride),
          .init(key, stride: keys.stride, isTransposed: true), alpha: shape.scale)
        shape.visibleKeyCounts.withUnsafeBufferPointer { visible in
          CKernels_softmaxRows(
            scores, sums + task * shape.queryCount + tile.lowerBound, inverseSums,
            visible.baseAddress.map { $0 + tile.lowerBound }, Int64(tile.count), Int64(seen))
        }
        serialProduct(
          into: target, stride: output.stride, rowCount: tile.count,
          columnCount: shape.headSize, depth: seen, .init(scores, stride: seen),
          .init(value, stride: values.stride))
        CKernels_scaleRows(
          target, Int64(output.stride), inverseSums, Int64(tile.count), Int64(shape.headSize))
      }
    }
    withExtendedLifetime(scratch) {}
  }
}

/// The gradients of `attention`, with the probabilities computed again tile by tile.
///
/// - Parameters:
///   - dqueries: Gradient of the rotated queries.
///   - dkeys: Gradient of the rotated keys.
///   - dvalues: Gradient of the values.
///   - doutput: Gradient of the result.
///   - output: The result.
///   - logSums: What the forward pass kept.
///   - queries: Rotated queries.
///   - keys: Rotated keys.
///   - values: Values.
///   - shape: Sizes and mask.
public func attentionGradient(
  queries dqueries: HeadRows, keys dkeys: HeadRows, values dvalues: HeadRows,
  _ doutput: HeadRows, output: HeadRows, logSums: Buffer, queries: HeadRows, keys: HeadRows,
  values: HeadRows, _ shape: AttentionShape
) {
  let pass = AttentionBackward(
    dqueries: dqueries, dkeys: dkeys, dvalues: dvalues, doutput: doutput, output: output,
    logSums: logSums, queries: queries, keys: keys, values: values, shape: shape)
  parallelFor(shape.batchCount * shape.headCount) { tasks in
    let count = shape.tileRowCount * shape.keyCount
    let scratch = Buffer(.float32, count: 2 * count + shape.tileRowCount)
    let start = scratch.floats
    for task in tasks {
      pass.run(
        task, probabilities: start, gradients: start + count, deltas: start + 2 * count)
    }
    withExtendedLifetime(scratch) {}
  }
}

/// One backward pass of attention: what all its tasks share.
private struct AttentionBackward {
  let dqueries: HeadRows
  let dkeys: HeadRows
  let dvalues: HeadRows
  let doutput: HeadRows
  let output: HeadRows
  let logSums: Buffer
  let queries: HeadRows
  let keys: HeadRows
  let values: HeadRows
  let shape: AttentionShape

  /// The head `task % headCount` of sample `task / headCount`.
  ///
  /// Tiles run from the last to the first: the last sees every key that any tile sees, so that it
  /// can write the gradients of keys and values that the others add to.
  func run(
    _ task: Int, probabilities: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, deltas: UnsafeMutablePointer<Float>
  ) {
    let (sample, head) = (task / shape.headCount, task % shape.headCount)
    let column = head * shape.headSize
    let tiles = shape.tiles
    zeroUnseen(sample, column)
    for (index, tile) in tiles.enumerated().reversed() {
      probabilitiesAndGradients(
        task, tile, sample, column, probabilities, gradients, deltas)
      let beta: Float = index == tiles.count - 1 ? 0 : 1
      products(tile, sample, column, probabilities, gradients, beta: beta)
    }
  }

  private func zeroUnseen(_ sample: Int, _ column: Int) {
    let seen = Int(shape.visibleKeyCounts[shape.queryCount - 1])
    for row in seen..<shape.keyCount {
      for target in [dkeys, dvalues] {
        target.start(sample: sample, row: row, column: column)
          .update(repeating: 0, count: shape.headSize)
      }
    }
  }

  private func probabilitiesAndGradients(
    _ task: Int, _ tile: Range<Int>, _ sample: Int, _ column: Int,
    _ probabilities: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    _ deltas: UnsafeMutablePointer<Float>
  ) {
    let (size, row) = (shape.headSize, tile.lowerBound)
    let seen = Int(shape.visibleKeyCounts[tile.upperBound - 1])
    let dout = doutput.start(sample: sample, row: row, column: column)
    CKernels_rowProducts(
      deltas, dout, Int64(doutput.stride),
      output.start(sample: sample, row: row, column: column), Int64(output.stride),
      Int64(tile.count), Int64(size))
    serialProduct(
      into: probabilities, stride: seen, rowCount: tile.count, columnCount: seen, depth: size,
      .init(
        queries.start(sample: sample, row: row, column: column), stride: queries.stride),
      .init(
        keys.start(sample: sample, row: 0, column: column), stride: keys.stride,
        isTransposed: true), alpha: shape.scale)
    serialProduct(
      into: gradients, stride: seen, rowCount: tile.count, columnCount: seen, depth: size,
      .init(dout, stride: doutput.stride),
      .init(
        values.start(sample: sample, row: 0, column: column), stride: values.stride,
        isTransposed: true))
    shape.visibleKeyCounts.withUnsafeBufferPointer { visible in
      CKernels_softmaxGradientRows(
        probabilities, gradients, logSums.floats + task * shape.queryCount + row, deltas,
        visible.baseAddress.map { $0 + row }, shape.scale, Int64(tile.count), Int64(seen))
    }
  }

  private func products(
    _ tile: Range<Int>, _ sample: Int, _ column: Int,
    _ probabilities: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    beta: Float
  ) {
    let (size, row) = (shape.headSize, tile.lowerBound)
    let seen = Int(shape.visibleKeyCounts[tile.upperBound - 1])
    serialProduct(
      into: dvalues.start(sample: sample, row: 0, column: column), stride: dvalues.stride,
      rowCount: seen, columnCount: size, depth: tile.count,
      .init(probabilities, stride: seen, isTransposed: true),
      .init(
        doutput.start(sample: sample, row: row, column: column), stride: doutput.stride),
      beta: beta)
    serialProduct(
      into: dkeys.start(sample: sample, row: 0, column: column), stride: dkeys.stride,
      rowCount: seen, columnCount: size, depth: tile.count,
      .init(gradients, stride: seen, isTransposed: true),
      .init(
        queries.start(sample: sample, row: row, column: column), stride: queries.stride),
      beta: beta)
    serialProduct(
      into: dqueries.start(sample: sample, row: row, column: column), stride: dqueries.stride,
      rowCount: tile.count, columnCount: size, depth: seen, .init(gradients, stride: seen),
      .init(keys.start(sample: sample, row: 0, column: column), stride: keys.stride))
  }
}
