import CKernels

/// One tile of one head: softmax(q·kᵀ)·v of queries that are rotated and scaled.
///
/// - Parameters:
///   - output: Result rows of the tile.
///   - logSums: log Σ e^score of each row.
///   - scores: Scratch for the tile's scores.
///   - inverseSums: Scratch, one number a row.
///   - queries: Queries of the tile.
///   - keys: All keys.
///   - values: All values.
///   - tile: The tile's queries.
///   - shape: Sizes and mask.
func attend(
  into output: HeadRows, logSums: UnsafeMutablePointer<Float>,
  scores: UnsafeMutablePointer<Float>, inverseSums: UnsafeMutablePointer<Float>,
  queries: HeadRows, keys: HeadRows, values: HeadRows, _ tile: Range<Int>, _ shape: AttentionShape
) {
  let seen = shape.seenCount(tile)
  let rows = HeadRows(start: scores, stride: shape.scoreStride)
  serialProduct(
    into: scores, stride: rows.stride, rowCount: tile.count, columnCount: seen,
    depth: shape.headSize, queries.factor(), keys.factor(isTransposed: true))
  shape.visibleKeyCounts[tile].withUnsafeBufferPointer { visible in
    CKernels_softmaxRows(
      scores, Int64(rows.stride), logSums, inverseSums, visible.baseAddress, Int64(tile.count))
  }
  serialProduct(
    into: output.start, stride: output.stride, rowCount: tile.count,
    columnCount: shape.headSize, depth: seen, rows.factor(), values.factor())
  CKernels_scaleRows(
    output.start, Int64(output.stride), inverseSums, Int64(tile.count), Int64(shape.headSize))
}

/// The gradients of `attend` for one tile, with its probabilities computed again.
struct AttentionHeadGradient {
  /// Gradient of the tile's queries: written.
  let dqueries: HeadRows
  /// Gradient of all keys: written by the last tile, added to by the others.
  let dkeys: HeadRows
  /// Gradient of all values, like `dkeys`.
  let dvalues: HeadRows
  /// Gradient of the tile's result.
  let doutput: HeadRows
  /// What the forward pass kept of the tile.
  let logSums: UnsafeMutablePointer<Float>
  /// Queries of the tile.
  let queries: HeadRows
  /// All keys.
  let keys: HeadRows
  /// All values.
  let values: HeadRows

  /// Runs one tile.
  ///
  /// - Parameters:
  ///   - tile: The tile's queries.
  ///   - shape: Sizes and mask.
  ///   - probabilities: Scratch for the tile's scores.
  ///   - gradients: Scratch for the gradients of the scores.
  func run(
    _ tile: Range<Int>, _ shape: AttentionShape, probabilities: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>
  ) {
    let (size, seen, stride) = (shape.headSize, shape.seenCount(tile), shape.scoreStride)
    serialProduct(
      into: probabilities, stride: stride, rowCount: tile.count, columnCount: seen, depth: size,
      queries.factor(), keys.factor(isTransposed: true))
    serialProduct(
      into: gradients, stride: stride, rowCount: tile.count, columnCount: seen, depth: size,
      doutput.factor(), values.factor(isTransposed: true))
    shape.visibleKeyCounts[tile].withUnsafeBufferPointer { visible in
      CKernels_softmaxGradientRows(
        probabilities, gradients, Int64(stride), logSums, visible.baseAddress, Int64(tile.count))
    }
    let beta: Float = tile.upperBound == shape.queryCount ? 0 : 1
    for (target, weights, rows) in [
      (dvalues, probabilities, doutput), (dkeys, gradients, queries),
    ] {
      serialProduct(
        into: target.start, stride: target.stride, rowCount: seen, columnCount: size,
        depth: tile.count, ProductFactor(weights, stride: stride, isTransposed: true),
        rows.factor(), beta: beta)
    }
    serialProduct(
      into: dqueries.start, stride: dqueries.stride, rowCount: tile.count, columnCount: size,
      depth: seen, ProductFactor(gradients, stride: stride), keys.factor())
  }
}
