import CKernels

/// One head's attention on bfloat16 operands: products of rounded numbers with single-precision sums,
/// softmax in single precision.
struct BFloat16AttentionHead {
  let shape: AttentionShape
  let scratch: BFloat16AttentionScratch

  /// One tile: softmax(q·kᵀ)·v of queries that are rotated and scaled.
  ///
  /// - Parameters:
  ///   - output: Result rows of the tile.
  ///   - logSums: log Σ e^score of each row.
  ///   - tile: The tile's queries.
  func attend(
    into output: HeadRows, logSums: UnsafeMutablePointer<Float>, _ tile: Range<Int>
  ) {
    let (size, seen) = (shape.headSize, shape.seenCount(tile))
    multiplyQueries(tile)
    shape.visibleKeyCounts[tile].withUnsafeBufferPointer { visible in
      CKernels_softmaxRows(
        scratch.scores.start, Int64(scratch.scores.stride), logSums, scratch.rowSums.start,
        visible.baseAddress, Int64(tile.count))
    }
    round(scratch.scores, into: scratch.probabilities, tile)
    scratch.values.multiply(
      into: output, rowCount: tile.count, columnCount: size, depth: seen,
      scratch.probabilities.pairs)
    CKernels_scaleRows(
      output.start, Int64(output.stride), scratch.rowSums.start, Int64(tile.count), Int64(size))
  }

  /// The gradients of `attend` for one tile, with its probabilities computed again.
  ///
  /// - Parameters:
  ///   - dqueries: Gradient of the tile's queries: written.
  ///   - doutput: Gradient of the tile's result.
  ///   - logSums: What the forward pass kept of the tile.
  ///   - tile: The tile's queries.
  ///   - more: Keys and values; the gradients of all keys and values, which the last tile writes and
  ///     the others add to.
  func pullBack(
    into dqueries: HeadRows, doutput: BFloat16Rows, logSums: UnsafeMutablePointer<Float>,
    _ tile: Range<Int>, _ more: BFloat16GradientScratch
  ) {
    let (size, seen) = (shape.headSize, shape.seenCount(tile))
    multiplyQueries(tile)
    more.transposedValues.multiply(
      into: more.dscores, rowCount: tile.count, columnCount: seen, depth: size, doutput.pairs)
    shape.visibleKeyCounts[tile].withUnsafeBufferPointer { visible in
      CKernels_softmaxGradientRows(
        scratch.scores.start, more.dscores.start, Int64(scratch.scores.stride), logSums,
        visible.baseAddress, Int64(tile.count))
    }
    round(scratch.scores, into: scratch.probabilities, tile)
    round(more.dscores, into: more.roundedGradients, tile)
    for (target, weights, rows) in [
      (more.dvalues, scratch.probabilities, doutput),
      (more.dkeys, more.roundedGradients, scratch.turnedQueries),
    ] {
      more.weights.pack(weights, rowCount: tile.count, columnCount: seen)
      more.tileRows.pack(rows, rowCount: tile.count, columnCount: size)
      more.weights.multiplyTranspose(
        into: target, rowCount: seen, columnCount: size, depth: tile.count, more.tileRows,
        isAdding: tile.upperBound < shape.queryCount)
    }
    more.keys.multiply(
      into: dqueries, rowCount: tile.count, columnCount: size, depth: seen,
      more.roundedGradients.pairs)
  }

  private func multiplyQueries(_ tile: Range<Int>) {
    scratch.transposedKeys.multiply(
      into: scratch.scores, rowCount: tile.count, columnCount: shape.seenCount(tile),
      depth: shape.headSize, scratch.turnedQueries.pairs)
  }

  /// Rounds a tile's rows with the zeros behind what they see, so that an odd count has a last pair.
  private func round(_ rows: HeadRows, into bfloat16s: BFloat16Rows, _ tile: Range<Int>) {
    let seen = shape.seenCount(tile)
    bfloat16s.round(rows, rowCount: tile.count, columnCount: seen + seen % 2)
  }
}
