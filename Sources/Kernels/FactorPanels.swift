import CKernels
import COneDNN

/// The right-hand factor of a bfloat16 product in the order in which the processor's instructions read
/// it: panels of 64 columns, in which pairs of rows lie side by side.
package struct FactorPanels {
  /// The panels, one after the other, with zeros up to multiples of 32 rows and 64 columns.
  package let buffer: Buffer

  private static let panelWidth = Int(CKernelsPanelWidth)
  /// Rows come in multiples of this.
  private static let rowMultiple = 32
  /// Rows that a thread packs at a time, a multiple of `rowMultiple`.
  private static let blockSize = 256

  /// Packs a bfloat16 matrix, on all threads.
  package init(_ matrix: Matrix) {
    let panelCount = Self.ceiling(matrix.columnCount, Self.panelWidth) / Self.panelWidth
    let paddedCount = Self.ceiling(matrix.rowCount, Self.rowMultiple)
    let blockCount = Self.ceiling(paddedCount, Self.blockSize) / Self.blockSize
    buffer = Buffer(.bfloat16, count: panelCount * paddedCount * Self.panelWidth)
    let (target, source) = (buffer.pairs, matrix.buffer.halves)
    parallelFor(panelCount * blockCount) { tasks in
      for task in tasks {
        let (panel, block) = task.quotientAndRemainder(dividingBy: blockCount)
        let (row, column) = (block * Self.blockSize, panel * Self.panelWidth)
        let place = target + (panel * paddedCount + row) / 2 * Self.panelWidth
        let stride = Int64(matrix.stride)
        let rowCount = Int64(min(Self.blockSize, matrix.rowCount - row))
        let columnCount = Int64(min(Self.panelWidth, matrix.columnCount - column))
        let pairCount = Int64(min(Self.blockSize, paddedCount - row) / 2)
        if matrix.isTransposed {
          CKernels_packTransposedPanel(
            place, source + column * matrix.stride + row, stride, rowCount, columnCount, pairCount)
        } else {
          CKernels_packPanel(
            place, source + row * matrix.stride + column, stride, 0, rowCount, columnCount,
            pairCount)
        }
      }
    }
  }

  /// How oneDNN sees the panels of a matrix; `work` says what they are for, in messages.
  static func layout(rowCount: Int, columnCount: Int, _ work: any CustomStringConvertible)
    -> dnnl_memory_desc_t
  {
    var layout = dnnl_memory_desc_t()
    check(
      dnnl_memory_desc_init_by_tag(
        &layout, 2, dimensions([rowCount, columnCount]), dnnl_bf16, dnnl_BA16a64b2a),
      "dnnl_memory_desc_init_by_tag (panels)", work)
    return layout
  }

  private static func ceiling(_ count: Int, _ multiple: Int) -> Int {
    (count + multiple - 1) / multiple * multiple
  }
}

extension Buffer {
  /// The elements of a bfloat16 buffer two by two, as panels hold them.
  var pairs: UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(halves).assumingMemoryBound(to: UInt32.self)
  }
}
