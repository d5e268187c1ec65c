import CKernels

/// A row-major matrix in a buffer.
public struct Matrix: Sendable {
  /// What the matrix lies in, its first element first.
  public let buffer: Buffer
  /// Rows of the matrix.
  public let rowCount: Int
  /// Columns of the matrix.
  public let columnCount: Int
  /// Elements from one row to the next in memory; from one column to the next when transposed.
  public let stride: Int
  /// Whether the matrix is the transpose of what is in memory.
  public let isTransposed: Bool

  /// The matrix in `buffer` whose rows are `stride` elements apart, or contiguous.
  public init(_ buffer: Buffer, rowCount: Int, columnCount: Int, stride: Int? = nil) {
    self.init(
      buffer: buffer, rowCount: rowCount, columnCount: columnCount, stride: stride ?? columnCount,
      isTransposed: false)
    precondition(
      rowCount >= 0 && columnCount >= 0 && self.stride >= columnCount
        && (rowCount == 0 || (rowCount - 1) * self.stride + columnCount <= buffer.count),
      "Matrix: \(rowCount) rows of \(columnCount), \(self.stride) apart, in \(buffer.count) elements"
    )
  }

  private init(buffer: Buffer, rowCount: Int, columnCount: Int, stride: Int, isTransposed: Bool) {
    self.buffer = buffer
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.stride = stride
    self.isTransposed = isTransposed
  }

  /// The transpose, without moving anything.
  public var transposed: Matrix {
    Matrix(
      buffer: buffer, rowCount: columnCount, columnCount: rowCount, stride: stride,
      isTransposed: !isTransposed)
  }

  /// The same matrix in float32: itself, or a copy when it is of type bfloat16.
  var widened: Matrix {
    guard buffer.elementType == .bfloat16 else { return self }
    return Matrix(
      buffer: buffer.widened, rowCount: rowCount, columnCount: columnCount, stride: stride,
      isTransposed: isTransposed)
  }

  /// Writes the numbers of `wide`, a float32 matrix, into this one of type bfloat16.
  fileprivate func round(_ wide: Matrix) {
    let (target, source) = (buffer.bfloat16s, wide.buffer.floats)
    parallelFor(rowCount, grain: rowGrain(columnCount)) { rows in
      CKernels_roundRows(
        target + rows.lowerBound * stride, Int64(stride),
        source + rows.lowerBound * wide.stride, Int64(wide.stride), Int64(rows.count),
        Int64(columnCount))
    }
  }

  /// The part that begins at an element, as a factor of a serial product.
  func factor(row: Int, column: Int) -> ProductFactor {
    let offset = isTransposed ? column * stride + row : row * stride + column
    return ProductFactor(buffer.floats + offset, stride: stride, isTransposed: isTransposed)
  }
}

/// C ← alpha·A·B + beta·C, plus a bias by column.
///
/// The work is split into tiles of C that depend on the shape only, so that the bits of the result
/// do not depend on the number of threads; products of bfloat16 matrices that oneDNN computes are
/// split by oneDNN.
///
/// - Parameters:
///   - c: C, not transposed; not read when `beta` is 0, as it must be when C is of type bfloat16.
///   - a: A, with the rows of C; float32 or bfloat16.
///   - b: B, with the columns of C; float32 or bfloat16.
///   - panels: B packed before, for products of bfloat16 matrices; as they are, it is packed here when nil.
///   - alpha: Factor of the product.
///   - beta: Factor of what C held.
///   - bias: Added to each row of the product; none when nil.
///   - route: How bfloat16 matrices are multiplied.
///   - rowBits: What the bits of a row depend on; on itself alone only with `alpha` 1 and `beta` 0.
public func product(
  into c: Matrix, _ a: Matrix, _ b: Matrix, panels: FactorPanels? = nil, alpha: Float = 1,
  beta: Float = 0, bias: Buffer? = nil, route: BFloat16Route = .preferred,
  rowBits: RowBits = .ofShape
) {
  requireProduct(c, a, b, beta, bias)
  precondition(
    rowBits == .ofShape || alpha == 1 && beta == 0,
    "product: independent rows with alpha \(alpha) and beta \(beta)")
  precondition(
    panels.map { $0.rowCount == b.rowCount && $0.columnCount == b.columnCount } ?? true,
    """
    product: panels of \(panels?.rowCount ?? 0)x\(panels?.columnCount ?? 0) \
    for \(b.rowCount)x\(b.columnCount)
    """)
  guard c.rowCount > 0, c.columnCount > 0 else { return }
  if route.multipliesAsTheyAre(a.buffer, b.buffer), alpha == 1, beta == 0 || beta == 1,
    rowBits == .ofRow
      ? OneDNNProduct.runByRows(into: c, a, b, panels: panels, bias: bias)
      : OneDNNProduct.run(into: c, a, b, panels: panels, bias: bias, isAdding: beta == 1)
  {
    return
  }
  guard c.buffer.elementType == .float32 else {
    let wide = Matrix(
      Buffer(.float32, count: c.rowCount * c.columnCount), rowCount: c.rowCount,
      columnCount: c.columnCount)
    product(
      into: wide, a, b, panels: panels, alpha: alpha, bias: bias, route: route, rowBits: rowBits)
    return c.round(wide)
  }
  let (start, stride, added) = (c.buffer.floats, c.stride, bias?.floats)
  if let panels, alpha == 1, beta == 0, a.buffer.elementType == .bfloat16, !a.isTransposed,
    rowBits == .ofRow || WidenedPanels.isPreferred(rowCount: c.rowCount)
  {
    WidenedPanels.product(into: c, a, panels: panels)
    guard let added else { return }
    return parallelFor(c.rowCount, grain: rowGrain(c.columnCount)) { rows in
      CKernels_addToRows(
        start + rows.lowerBound * stride, Int64(stride), added, Int64(rows.count),
        Int64(c.columnCount))
    }
  }
  tiledProduct(into: c, a.widened, b.widened, alpha: alpha, beta: beta, rowBits: rowBits) {
    rows, columns in
    guard let added else { return }
    CKernels_addToRows(
      start + rows.lowerBound * stride + columns.lowerBound, Int64(stride),
      added + columns.lowerBound, Int64(rows.count), Int64(columns.count))
  }
}

private func requireProduct(
  _ c: Matrix, _ a: Matrix, _ b: Matrix, _ beta: Float, _ bias: Buffer?
) {
  precondition(
    !c.isTransposed && a.rowCount == c.rowCount && b.columnCount == c.columnCount
      && a.columnCount == b.rowCount,
    """
    product: \(a.rowCount)x\(a.columnCount) by \(b.rowCount)x\(b.columnCount) \
    into \(c.rowCount)x\(c.columnCount)\(c.isTransposed ? " transposed" : "")
    """)
  precondition(
    bias.map { $0.count == c.columnCount } ?? true,
    "product: bias of \(bias?.count ?? 0) for \(c.columnCount) columns")
  precondition(
    c.buffer.elementType == .float32 || beta == 0,
    "product: a bfloat16 matrix cannot be added to, beta is \(beta)")
}

/// C ← alpha·A·B + beta·C of float32 matrices, with `epilogue` called for each tile of C (rows,
/// columns) while it is in the cache.
func tiledProduct(
  into c: Matrix, _ a: Matrix, _ b: Matrix, alpha: Float = 1, beta: Float = 0,
  rowBits: RowBits = .ofShape, epilogue: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
) {
  requireProduct(c, a, b, beta, nil)
  if c.rowCount >= 2 * rowsOfTile,
    FloatPanels.isPreferred(
      depth: a.columnCount, isLeftTransposed: a.isTransposed, alpha: alpha, beta: beta)
  {
    return shallowProduct(into: c, a, b, isAdding: beta == 1, epilogue)
  }
  // The kernel for short sums, which adds in one order whatever the shape, needs no care.
  if rowBits == .ofRow,
    !FloatPanels.isPreferred(
      depth: a.columnCount, isLeftTransposed: a.isTransposed, alpha: alpha, beta: beta)
  {
    return independentProduct(into: c, a, b, epilogue)
  }
  let grid = TileGrid(rowCount: c.rowCount, columnCount: c.columnCount, depth: a.columnCount)
  let target = c.buffer.floats
  parallelFor(grid.tileCount) { tiles in
    for tile in tiles {
      let (rows, columns) = grid.tile(tile)
      serialProduct(
        into: target + rows.lowerBound * c.stride + columns.lowerBound, stride: c.stride,
        rowCount: rows.count, columnCount: columns.count, depth: a.columnCount,
        a.factor(row: rows.lowerBound, column: 0), b.factor(row: 0, column: columns.lowerBound),
        alpha: alpha, beta: beta)
      epilogue(rows, columns)
    }
  }
}

/// Rows of C that are computed at a time, which stay in the second-level cache for the epilogue.
private let rowsOfTile = 96

/// The same for short sums, with B packed once for all tiles; how the rows are cut into tiles does not
/// matter to the bits.
private func shallowProduct(
  into c: Matrix, _ a: Matrix, _ b: Matrix, isAdding: Bool,
  _ epilogue: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
) {
  let (panels, start) = (FloatPanels(b), c.buffer.floats)
  parallelFor(c.rowCount) { rows in
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsOfTile) {
      let tile = first..<min(rows.upperBound, first + rowsOfTile)
      panels.multiply(
        into: ProductTarget(
          start: start + first * c.stride, stride: c.stride, rowCount: tile.count,
          columnCount: c.columnCount, isAdding: isAdding), a.factor(row: first, column: 0))
      epilogue(tile, 0..<c.columnCount)
    }
  }
}

/// How a product is cut into tiles: a function of its shape only.
struct TileGrid {
  let rowCount: Int
  let columnCount: Int
  private(set) var rowTileCount = 1
  private(set) var columnTileCount = 1

  /// Every tile packs its rows and columns again, so that tiles are few: two as soon as a thread is
  /// worth waking, up to eight of at least 2²⁵ multiplications, more from 2²⁸ a tile.
  init(rowCount: Int, columnCount: Int, depth: Int) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    let work = rowCount * columnCount * depth
    guard work >= 1 << 18 else { return }
    let wanted = max(2, min(8, work >> 25), min(64, work >> 28))
    while 2 * tileCount <= wanted {
      let isTall = rowCount / rowTileCount >= columnCount / columnTileCount
      if isTall { rowTileCount *= 2 } else { columnTileCount *= 2 }
    }
  }

  var tileCount: Int { rowTileCount * columnTileCount }

  /// Rows and columns of a tile; neighbouring tiles share their columns.
  func tile(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (column, row) = index.quotientAndRemainder(dividingBy: rowTileCount)
    return (
      rowCount * row / rowTileCount..<rowCount * (row + 1) / rowTileCount,
      columnCount * column / columnTileCount..<columnCount * (column + 1) / columnTileCount
    )
  }
}
