/// Working memory of the attention of one head on bfloat16 operands: its keys and values, and one
/// tile's queries and scores.
///
/// It must be kept alive, by `withExtendedLifetime`, as long as its parts are in use.
struct BFloat16AttentionScratch {
  /// Keys before the rotation.
  let keys: HeadRows
  /// Queries of a tile before the rotation.
  let queries: HeadRows
  /// Keys or queries after the rotation, before they are rounded.
  let turned: HeadRows
  /// Keys after the rotation.
  let turnedKeys: BFloat16Rows
  /// The transpose of `turnedKeys`.
  let transposedKeys: HeadPanels
  /// Queries of a tile after the rotation.
  let turnedQueries: BFloat16Rows
  /// Values.
  let values: HeadPanels
  /// Scores of a tile, then what the softmax makes of them.
  let scores: HeadRows
  /// The latter rounded.
  let probabilities: BFloat16Rows
  /// Result of a tile, then gradient of its queries.
  let tileRows: HeadRows
  /// A number for each row of a tile.
  let rowSums: HeadRows
  private let buffers: [Buffer]

  /// Takes the memory from the pool.
  init(_ shape: AttentionShape) {
    let (size, tileCount, keyCount) = (shape.headSize, shape.tileRowCount, shape.keyCount)
    var parts = ScratchParts()
    keys = parts.rows(keyCount, size)
    queries = parts.rows(tileCount, size)
    turned = parts.rows(max(tileCount, keyCount), size)
    turnedKeys = parts.bfloat16s(keyCount, size)
    transposedKeys = parts.panels(size, keyCount)
    turnedQueries = parts.bfloat16s(tileCount, size)
    values = parts.panels(keyCount, size)
    scores = parts.rows(tileCount, shape.scoreStride)
    probabilities = parts.bfloat16s(tileCount, shape.scoreStride)
    tileRows = parts.rows(tileCount, size)
    rowSums = parts.rows(tileCount, 1)
    buffers = parts.buffers
  }
}

/// What the gradient of the attention of one head needs beside.
struct BFloat16GradientScratch {
  /// Keys after the rotation.
  let keys: HeadPanels
  /// The transpose of the values.
  let transposedValues: HeadPanels
  /// Gradient of a tile's scores.
  let dscores: HeadRows
  /// The same rounded.
  let roundedGradients: BFloat16Rows
  /// Probabilities of a tile, or the gradients of its scores.
  let weights: HeadPanels
  /// Gradient of a tile's result, or its queries.
  let tileRows: HeadPanels
  /// Gradient of the rotated keys.
  let dkeys: HeadRows
  /// Gradient of the values.
  let dvalues: HeadRows
  private let buffers: [Buffer]

  /// Takes the memory from the pool.
  init(_ shape: AttentionShape) {
    let (size, tileCount, keyCount) = (shape.headSize, shape.tileRowCount, shape.keyCount)
    var parts = ScratchParts()
    keys = parts.panels(keyCount, size)
    transposedValues = parts.panels(size, keyCount)
    dscores = parts.rows(tileCount, shape.scoreStride)
    roundedGradients = parts.bfloat16s(tileCount, shape.scoreStride)
    weights = parts.panels(tileCount, keyCount)
    tileRows = parts.panels(tileCount, size)
    dkeys = parts.rows(keyCount, size)
    dvalues = parts.rows(keyCount, size)
    buffers = parts.buffers
  }
}
