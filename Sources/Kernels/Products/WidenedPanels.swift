import CKernels

/// Products of bfloat16 operands with packed panels on processors that multiply float32 numbers faster.
///
/// A panel's columns are read as they are kept, 2 bytes a number, and widened a few rows at a time, which stay in the cache
/// while all rows of the left factor are multiplied with them: for few rows the time is that of reading the panels. A row's
/// sums do not depend on the rows beside it.
enum WidenedPanels {
  /// Pairs of rows that are widened at a time: as many rows as products sum before they add them.
  private static let pairCount = 64

  /// Whether reading packed weights is most of the work; of more rows the libraries' float32 products are faster.
  static func isPreferred(rowCount: Int) -> Bool { rowCount <= 128 }

  /// C ← A·B of bfloat16 operands; C is float32 and A not transposed.
  static func product(into c: Matrix, _ a: Matrix, panels: FactorPanels) {
    let (left, right) = (a.widened, panels.buffer.pairs)
    let layout = PanelLayout(bfloat16RowCount: panels.rowCount, columnCount: panels.columnCount)
    let (target, factor) = (c.buffer.floats, left.factor(row: 0, column: 0))
    let grain = productGrain(c.rowCount * panels.rowCount * PanelLayout.width)
    parallelFor(layout.panelCount, grain: grain) { indices in
      let wide = Buffer(.float32, count: 2 * pairCount * PanelLayout.width)
      for index in indices {
        let columns = layout.columns(of: index)
        for first in stride(from: 0, to: panels.rowCount, by: 2 * pairCount) {
          let rowCount = min(2 * pairCount, panels.rowCount - first)
          CKernels_widenPanel(
            wide.floats, right + index * layout.panelSize + first / 2 * PanelLayout.width,
            Int64((rowCount + 1) / 2))
          CKernels_multiplyFloats(
            FloatVectors.widest.value, target + columns.lowerBound, Int64(c.stride),
            CKernelsFactor(
              start: UnsafeRawPointer(factor.start + first).assumingMemoryBound(to: UInt32.self),
              rowStride: Int64(factor.stride), depthStride: 1),
            UnsafeRawPointer(wide.floats).assumingMemoryBound(to: UInt32.self),
            Int64(PanelLayout.width), Int64(rowCount), Int64(c.rowCount), Int64(columns.count),
            first > 0, nil)
        }
      }
      withExtendedLifetime(wide) {}
    }
    withExtendedLifetime((left.buffer, panels.buffer)) {}
  }
}
