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
  private let buffer: Buffer

  /// Takes the memory from the pool.
  init(_ shape: AttentionShape, forGradient: Bool) {
    let (size, rowCount) = (shape.headSize, shape.tileRowCount)
    let keyCount = shape.keyCount * size
    let queryCount = rowCount * size
    let scoreCount = rowCount * shape.scoreStride
    let half = scoreCount + keyCount + queryCount
    let offset = forGradient ? half : 0
    buffer = Buffer(.float32, count: half + offset + rowCount)
    scores = buffer.floats
    dscores = scores + offset
    keys = HeadRows(start: scores + scoreCount, stride: size)
    dkeys = HeadRows(start: keys.start + offset, stride: size)
    queries = HeadRows(start: keys.start + keyCount, stride: size)
    dqueries = HeadRows(start: queries.start + offset, stride: size)
    rowSums = scores + half + offset
  }
}
