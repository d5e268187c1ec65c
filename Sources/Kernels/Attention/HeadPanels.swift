import CKernels

/// Rows of bfloat16 numbers of one head in memory, an even number of them from row to row.
struct BFloat16Rows {
  /// The first element of the first row.
  let start: UnsafeMutablePointer<UInt16>
  /// Elements from one row to the next.
  let stride: Int

  /// Rows at an address.
  init(start: UnsafeMutablePointer<UInt16>, stride: Int) {
    self.start = start
    self.stride = stride
  }

  /// The rows of a head in a bfloat16 buffer.
  init(_ buffer: Buffer, _ place: HeadPlace) {
    self.init(start: buffer.bfloat16s + place.offset, stride: place.stride)
  }

  /// The rows from `row` on.
  func from(_ row: Int) -> BFloat16Rows {
    BFloat16Rows(start: start + row * stride, stride: stride)
  }

  /// The rows as the left-hand factor of a product.
  var pairs: CKernelsFactor {
    CKernelsFactor(
      start: UnsafeMutableRawPointer(start).assumingMemoryBound(to: UInt32.self),
      rowStride: Int64(stride / 2), depthStride: 1)
  }

  /// Writes single-precision rows, rounded.
  func round(_ rows: HeadRows, rowCount: Int, columnCount: Int) {
    CKernels_roundOperandRows(
      start, Int64(stride), rows.start, Int64(rows.stride), Int64(rowCount), Int64(columnCount))
  }

  /// Writes the rows in single precision.
  func widen(into rows: HeadRows, rowCount: Int, columnCount: Int) {
    CKernels_widenRows(
      rows.start, Int64(rows.stride), start, Int64(stride), Int64(rowCount), Int64(columnCount))
  }
}

/// A bfloat16 matrix of one head in panels of 64 columns, in which pairs of rows lie side by side.
struct HeadPanels {
  /// The panels, one after the other.
  let start: UnsafeMutablePointer<UInt32>
  /// Room for the largest matrix.
  let layout: PanelLayout

  /// Packs a matrix.
  func pack(_ rows: BFloat16Rows, rowCount: Int, columnCount: Int) {
    forEachPanel(columnCount) { panel, columns in
      CKernels_packPanel(
        panel, rows.start + columns.lowerBound, Int64(rows.stride), 0, Int64(rowCount),
        Int64(columns.count), Int64((rowCount + 1) / 2))
    }
  }

  /// Packs the transpose of `rows`, which are as many as the matrix has columns.
  func packTranspose(of rows: BFloat16Rows, rowCount: Int, columnCount: Int) {
    forEachPanel(columnCount) { panel, columns in
      CKernels_packTransposedPanel(
        panel, rows.from(columns.lowerBound).start, Int64(rows.stride), Int64(rowCount),
        Int64(columns.count), Int64(layout.unitCapacity))
    }
  }

  /// C = A·B, or C += A·B, with B in these panels.
  ///
  /// - Parameters:
  ///   - c: C.
  ///   - rowCount: Rows of A and C.
  ///   - columnCount: Columns of B and C.
  ///   - depth: Columns of A and rows of B; where it is odd, A or B has zeros behind it.
  ///   - a: A.
  ///   - isAdding: Whether C is added to.
  func multiply(
    into c: HeadRows, rowCount: Int, columnCount: Int, depth: Int, _ a: CKernelsFactor,
    isAdding: Bool = false
  ) {
    let instructions = PairInstructions.best.value
    forEachPanel(columnCount) { panel, columns in
      CKernels_multiplyPairs(
        instructions, c.start + columns.lowerBound, Int64(c.stride), a, panel,
        Int64((depth + 1) / 2), Int64(rowCount), Int64(columns.count), isAdding)
    }
  }

  /// C = Aᵀ·B, or C += Aᵀ·B, with A in these panels and B in others.
  ///
  /// - Parameters:
  ///   - c: C.
  ///   - rowCount: Columns of A, rows of C.
  ///   - columnCount: Columns of B and C.
  ///   - depth: Rows of A and B.
  ///   - b: B.
  ///   - isAdding: Whether C is added to.
  func multiplyTranspose(
    into c: HeadRows, rowCount: Int, columnCount: Int, depth: Int, _ b: HeadPanels, isAdding: Bool
  ) {
    forEachPanel(rowCount) { panel, rows in
      let left = CKernelsFactor(
        start: panel, rowStride: 1, depthStride: Int64(PanelLayout.width))
      b.multiply(
        into: c.from(rows.lowerBound), rowCount: rows.count, columnCount: columnCount,
        depth: depth, left, isAdding: isAdding)
    }
  }

  /// Calls `body` with each panel of the first columns, and its columns.
  private func forEachPanel(
    _ columnCount: Int,
    _ body: (_ panel: UnsafeMutablePointer<UInt32>, _ columns: Range<Int>) -> Void
  ) {
    let used = PanelLayout(unitCount: layout.unitCapacity, columnCount: columnCount)
    for panel in 0..<used.panelCount {
      body(start + panel * used.panelSize, used.columns(of: panel))
    }
  }
}
