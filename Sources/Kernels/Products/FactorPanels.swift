import CKernels
import COneDNN

/// The right-hand factor of a bfloat16 product in the order in which the processor's instructions read
/// it: panels of 64 columns, in which pairs of rows lie side by side.
public struct FactorPanels: Sendable {
  /// The panels, one after the other, with zeros up to multiples of 32 rows and 64 columns.
  package let buffer: Buffer
  /// Rows of the factor.
  let rowCount: Int
  /// Columns of the factor.
  let columnCount: Int

  /// Rows that a thread packs at a time.
  private static let blockSize = 256

  /// Packs the Wᵀ of x·Wᵀ for several products; nil where products take no panels: of float32 weights, and
  /// where neither such numbers nor wide vectors are multiplied.
  ///
  /// - Parameters:
  ///   - weight: W, `[outputSize, inputSize]`.
  ///   - inputSize: Columns of W.
  ///   - route: How bfloat16 operands are multiplied.
  public init?(weight: Buffer, inputSize: Int, route: BFloat16Route = .preferred) {
    guard weight.elementType == .bfloat16,
      route == .library || FloatVectors.widest != .single
    else { return nil }
    precondition(
      inputSize > 0 && weight.count % inputSize == 0,
      "FactorPanels: \(weight.count) weights for \(inputSize) inputs")
    let matrix = Matrix(weight, rowCount: weight.count / inputSize, columnCount: inputSize)
    self.init(matrix.transposed)
  }

  /// Packs a bfloat16 matrix, on all threads.
  package init(_ matrix: Matrix) {
    rowCount = matrix.rowCount
    columnCount = matrix.columnCount
    let layout = PanelLayout(bfloat16RowCount: matrix.rowCount, columnCount: matrix.columnCount)
    let paddedCount = 2 * layout.unitCapacity
    let blockCount = (paddedCount + Self.blockSize - 1) / Self.blockSize
    buffer = Buffer(.bfloat16, count: 2 * layout.unitCount)
    let (target, source) = (buffer.pairs, matrix.buffer.bfloat16s)
    parallelFor(layout.panelCount * blockCount) { tasks in
      for task in tasks {
        let (panel, block) = task.quotientAndRemainder(dividingBy: blockCount)
        let (row, columns) = (block * Self.blockSize, layout.columns(of: panel))
        let place = target + panel * layout.panelSize + row / 2 * PanelLayout.width
        let stride = Int64(matrix.stride)
        let rowCount = Int64(min(Self.blockSize, matrix.rowCount - row))
        let pairCount = Int64(min(Self.blockSize, paddedCount - row) / 2)
        if matrix.isTransposed {
          CKernels_packTransposedPanel(
            place, source + columns.lowerBound * matrix.stride + row, stride, rowCount,
            Int64(columns.count), pairCount)
        } else {
          CKernels_packPanel(
            place, source + row * matrix.stride + columns.lowerBound, stride, 0, rowCount,
            Int64(columns.count), pairCount)
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
}

extension Buffer {
  /// The elements of a bfloat16 buffer two by two, as panels hold them.
  var pairs: UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(bfloat16s).assumingMemoryBound(to: UInt32.self)
  }
}
