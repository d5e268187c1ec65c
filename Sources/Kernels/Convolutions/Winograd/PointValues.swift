import CKernels

/// Values at the points of a Winograd algorithm: for each point a matrix with a row for each tile, or for each channel.
struct PointValues {
  /// Numbers that lie between rows, and between matrices, beyond their own: powers of two would make rows compete
  /// for the same places of a cache.
  private static let padding = 32

  let buffer: Buffer
  let pointCount: Int
  private let layout: CKernelsValueLayout
  /// Elements from one row to the next; in panels pairs from one pair of rows to the next.
  let rowStride: Int
  /// The same from one panel of 64 columns to the next.
  private let panelStride: Int
  /// The same from one point to the next.
  let pointStride: Int

  /// Takes room for some rows at each point.
  ///
  /// - Parameters:
  ///   - layout: The type of the numbers, and how they lie.
  ///   - pointCount: Matrices.
  ///   - rowCount: Rows of each.
  ///   - columnCount: Columns of each.
  init(
    _ layout: CKernelsValueLayout = CKernelsFloatRows, pointCount: Int, rowCount: Int,
    columnCount: Int
  ) {
    self.layout = layout
    self.pointCount = pointCount
    let panels = PanelLayout(unitCount: 0, columnCount: columnCount)
    if layout == CKernelsPairPanels {
      rowStride = PanelLayout.width
      panelStride = (rowCount + 1) / 2 * rowStride
      pointStride = panels.panelCount * panelStride + Self.padding
      buffer = Buffer(.bfloat16, count: 2 * pointCount * pointStride)
    } else {
      let isLarge = columnCount > PanelLayout.width
      rowStride = isLarge ? columnCount + Self.padding : columnCount
      panelStride = PanelLayout.width
      pointStride = rowCount * rowStride + Self.padding
      buffer = Buffer(
        layout == CKernelsFloatRows ? .float32 : .bfloat16, count: pointCount * pointStride)
    }
  }

  /// The values from a row on, an even one in panels, and from a column on.
  func values(row: Int = 0, column: Int = 0, point: Int = 0) -> CKernelsPointValues {
    CKernelsPointValues(
      start: address(point: point, row: row, column: column), pointStride: Int64(pointStride),
      rowStride: Int64(rowStride), panelStride: Int64(panelStride), layout: layout)
  }

  /// A place of the matrix of a point, in units of 32 bits.
  func units(point: Int, row: Int = 0, column: Int = 0) -> UnsafePointer<UInt32> {
    UnsafePointer(
      address(point: point, row: row, column: column).assumingMemoryBound(to: UInt32.self))
  }

  /// The sums at a point, from a column on.
  func floats(point: Int, column: Int) -> UnsafeMutablePointer<Float> {
    buffer.floats + point * pointStride + column
  }

  private func address(point: Int, row: Int, column: Int) -> UnsafeMutableRawPointer {
    guard layout == CKernelsPairPanels else {
      let place = point * pointStride + row * rowStride + column
      return buffer.address + place * buffer.elementType.byteCount
    }
    let (panel, rest) = column.quotientAndRemainder(dividingBy: PanelLayout.width)
    let place = point * pointStride + row / 2 * rowStride + panel * panelStride + rest
    return buffer.address + place * MemoryLayout<UInt32>.stride
  }
}
