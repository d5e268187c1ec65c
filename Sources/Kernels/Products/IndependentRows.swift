/// What the bits of a row of a product depend on.
public enum RowBits: Sendable {
  /// On the number of rows as well: the fastest.
  case ofShape
  /// On the row and the right-hand factor alone, whatever rows are beside it: for results that must not depend on
  /// what else is computed with them.
  ///
  /// The libraries choose among their kernels by the number of rows, and end with others for the last ones.
  case ofRow
}

/// C ← A·B of float32 matrices, in which the bits of a row do not depend on the rows beside it.
///
/// The libraries' kernels give every row the same bits where they are called with whole blocks of rows: the last
/// block is filled up with zeros. How columns are cut into tiles depends on B alone. A is not transposed.
func independentProduct(
  into c: Matrix, _ a: Matrix, _ b: Matrix,
  _ epilogue: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
) {
  precondition(!a.isTransposed, "product: the rows of a transposed left factor are not independent")
  let tiles = IndependentTiles(
    rowCount: c.rowCount, columnCount: c.columnCount, depth: a.columnCount)
  let target = c.buffer.floats
  parallelFor(tiles.count) { range in
    for index in range {
      let (rows, columns) = tiles.tile(index)
      let wholeCount = tiles.wholeCount(rows.count)
      let place = target + rows.lowerBound * c.stride + columns.lowerBound
      let (left, right) = (
        a.factor(row: rows.lowerBound, column: 0), b.factor(row: 0, column: columns.lowerBound)
      )
      if wholeCount == rows.count {
        serialProduct(
          into: place, stride: c.stride, rowCount: rows.count, columnCount: columns.count,
          depth: a.columnCount, left, right, rowBits: .ofRow)
      } else {
        filledProduct(
          into: ProductTarget(
            start: place, stride: c.stride, rowCount: rows.count, columnCount: columns.count,
            isAdding: false), wholeCount: wholeCount, depth: a.columnCount, left, right)
      }
      epilogue(rows, columns)
    }
  }
}

/// The product of the rows of `c` as one of `wholeCount`, of which the others are zeros.
private func filledProduct(
  into c: ProductTarget, wholeCount: Int, depth: Int, _ a: ProductFactor, _ b: ProductFactor
) {
  let (rowCount, columnCount) = (c.rowCount, c.columnCount)
  let rows = Buffer(.float32, count: wholeCount * depth)
  let results = Buffer(.float32, count: wholeCount * columnCount)
  let (filled, product) = (rows.floats, results.floats)
  for row in 0..<rowCount {
    (filled + row * depth).update(from: a.start + row * a.stride, count: depth)
  }
  (filled + rowCount * depth).update(repeating: 0, count: (wholeCount - rowCount) * depth)
  serialProduct(
    into: product, stride: columnCount, rowCount: wholeCount, columnCount: columnCount,
    depth: depth, ProductFactor(filled, stride: depth), b, rowBits: .ofRow)
  for row in 0..<rowCount {
    (c.start + row * c.stride).update(from: product + row * columnCount, count: columnCount)
  }
  withExtendedLifetime((rows, results)) {}
}

/// How a product whose rows are independent is cut into tiles.
struct IndependentTiles {
  private let rowCount: Int
  private let columnCount: Int
  private let blockCount: Int
  private let rowTileCount: Int
  private let columnTileCount: Int

  /// Rows that are multiplied together at least, and of which larger tiles are made up.
  ///
  /// With AVX-512 oneDNN has one kernel for 16 rows and more. Otherwise both libraries work on six or twelve rows
  /// at a time and choose by the size beyond that: all tiles are of one size there.
  private static let blockSize = OneDNNEngine.hasAVX512 ? 16 : 48

  init(rowCount: Int, columnCount: Int, depth: Int) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    blockCount = (rowCount + Self.blockSize - 1) / Self.blockSize
    columnTileCount =
      TileGrid(rowCount: Self.blockSize, columnCount: columnCount, depth: depth).tileCount
    let wanted = TileGrid(rowCount: rowCount, columnCount: columnCount, depth: depth).tileCount
    rowTileCount =
      OneDNNEngine.hasAVX512
      ? min(blockCount, max(1, wanted / columnTileCount)) : blockCount
  }

  var count: Int { rowTileCount * columnTileCount }

  /// The rows of whole blocks that so many rows take.
  func wholeCount(_ rowCount: Int) -> Int {
    (rowCount + Self.blockSize - 1) / Self.blockSize * Self.blockSize
  }

  /// Rows and columns of a tile; neighbouring tiles share their columns.
  func tile(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
    let (column, row) = index.quotientAndRemainder(dividingBy: rowTileCount)
    let first = blockCount * row / rowTileCount * Self.blockSize
    let end = blockCount * (row + 1) / rowTileCount * Self.blockSize
    return (
      first..<min(rowCount, end),
      columnCount * column / columnTileCount..<columnCount * (column + 1) / columnTileCount
    )
  }
}

extension OneDNNProduct {
  /// Rows of one call of a bfloat16 product whose rows are independent.
  private static let independentRowCount = 64

  /// Computes C ← A·B + bias in calls of one size, so that the bits of a row do not depend on the rows beside it.
  ///
  /// - Returns: False, with C untouched, when oneDNN has just its slow reference for these matrices.
  static func runByRows(
    into c: Matrix, _ a: Matrix, _ b: Matrix, panels: FactorPanels?, bias: Buffer?
  ) -> Bool {
    let (count, depth) = (Self.independentRowCount, a.columnCount)
    let panels = panels ?? FactorPanels(b)
    for first in stride(from: 0, to: c.rowCount, by: count) {
      let rows = first..<min(c.rowCount, first + count)
      let left = Buffer(a.buffer.elementType, count: count * depth)
      let result = Buffer(c.buffer.elementType, count: count * c.columnCount)
      left.fillRows(from: a, rows)
      guard
        run(
          into: Matrix(result, rowCount: count, columnCount: c.columnCount),
          Matrix(left, rowCount: count, columnCount: depth), b, panels: panels, bias: bias,
          isAdding: false)
      else { return false }
      for (index, row) in rows.enumerated() {
        c.buffer[row * c.stride..<row * c.stride + c.columnCount].copy(
          from: result[index * c.columnCount..<(index + 1) * c.columnCount])
      }
    }
    return true
  }
}

extension Buffer {
  /// Takes over some rows of a matrix of bfloat16 numbers, and fills what follows with zeros.
  fileprivate func fillRows(from matrix: Matrix, _ rows: Range<Int>) {
    let (target, source) = (bfloat16s, matrix.buffer.bfloat16s)
    for (index, row) in rows.enumerated() {
      (target + index * matrix.columnCount).update(
        from: source + row * matrix.stride, count: matrix.columnCount)
    }
    let written = rows.count * matrix.columnCount
    (target + written).update(repeating: 0, count: count - written)
  }
}
