/// Working memory of the attention of one head: its keys, and one tile's queries and scores.
///
/// It must be kept alive, by `withExtendedLifetime`, as long as its parts are in use.
struct AttentionScratch {
  /// Keys after the rotation.
  let keys: HeadRows
  /// Queries of a tile after the rotation.
  let queries: HeadRows
  /// Scores of a tile.
  let scores: UnsafeMutablePointer<Float>
  /// A number for each row of a tile.
  let rowSums: UnsafeMutablePointer<Float>
  /// Gradient of `keys`; shares memory with `keys` unless made for a gradient.
  let dkeys: HeadRows
  /// Gradient of `queries`, likewise.
  let dqueries: HeadRows
  /// Gradient of `scores`, likewise.
  let dscores: UnsafeMutablePointer<Float>
  private let buffers: [Buffer]

  /// Takes the memory from the pool.
  init(_ shape: AttentionShape, forGradient: Bool) {
    let (size, tileCount, stride) = (shape.headSize, shape.tileRowCount, shape.scoreStride)
    var parts = ScratchParts()
    keys = parts.rows(shape.keyCount, size)
    queries = parts.rows(tileCount, size)
    scores = parts.rows(tileCount, stride).start
    rowSums = parts.rows(tileCount, 1).start
    dkeys = forGradient ? parts.rows(shape.keyCount, size) : keys
    dqueries = forGradient ? parts.rows(tileCount, size) : queries
    dscores = forGradient ? parts.rows(tileCount, stride).start : scores
    buffers = parts.buffers
  }
}
