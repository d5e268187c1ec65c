import CKernels
import COneDNN

/// C of a product, or some rows of it.
struct ProductTarget {
  /// The first element.
  let start: UnsafeMutablePointer<Float>
  /// Elements from one row to the next.
  let stride: Int
  let rowCount: Int
  let columnCount: Int
  /// Whether the product is added to what it holds.
  let isAdding: Bool
}

/// The right-hand factor of float32 products of short sums, in panels of 64 columns, and an own kernel
/// for them.
///
/// The libraries' kernels are made for long sums: they lose up to half their rate on the tiles of
/// attention and the layers of small models, above all where the right factor is transposed.
struct FloatPanels {
  private let factor: ProductFactor
  private let depth: Int
  private let layout: PanelLayout
  /// Nil where the factor is read as it lies.
  private let packed: Buffer?

  /// Whether the kernel computes a product, and is the fastest; a function of the processor and of the
  /// product's form only.
  static func isPreferred(depth: Int, isLeftTransposed: Bool, alpha: Float, beta: Float) -> Bool {
    OneDNNEngine.hasAVX512 && alpha == 1 && (beta == 0 || beta == 1)
      && 1...(isLeftTransposed ? 128 : 512) ~= depth
  }

  /// Packs a factor on the calling thread, or leaves it where it lies if few rows are multiplied
  /// with it.
  init(_ factor: ProductFactor, depth: Int, columnCount: Int, rowCount: Int) {
    let isWorthwhile =
      factor.isTransposed || rowCount >= PanelLayout.width && columnCount > PanelLayout.width
    self.init(factor, depth, columnCount, isPacked: isWorthwhile)
    pack(0..<layout.panelCount)
  }

  /// Packs a factor on all threads.
  init(_ matrix: Matrix) {
    self.init(
      matrix.factor(row: 0, column: 0), matrix.rowCount, matrix.columnCount, isPacked: true)
    parallelFor(layout.panelCount) { pack($0) }
  }

  private init(_ factor: ProductFactor, _ depth: Int, _ columnCount: Int, isPacked: Bool) {
    self.factor = factor
    self.depth = depth
    layout = PanelLayout(unitCount: depth, columnCount: columnCount)
    packed = isPacked ? Buffer(.float32, count: layout.unitCount) : nil
  }

  private func pack(_ panels: Range<Int>) {
    guard let packed else { return }
    for index in panels {
      let (panel, columns) = (packed.floats + index * layout.panelSize, layout.columns(of: index))
      guard factor.isTransposed else {
        CKernels_packFloatPanel(
          panel, factor.start + columns.lowerBound, Int64(factor.stride), Int64(depth),
          Int64(columns.count))
        continue
      }
      // A float is packed as a pair of 16-bit units.
      let bfloat16s = UnsafeRawPointer(factor.start + columns.lowerBound * factor.stride)
      CKernels_packTransposedPanel(
        UnsafeMutableRawPointer(panel).assumingMemoryBound(to: UInt32.self),
        bfloat16s.assumingMemoryBound(to: UInt16.self), Int64(2 * factor.stride), Int64(2 * depth),
        Int64(columns.count), Int64(layout.unitCapacity))
    }
  }

  /// Computes C on the calling thread; A has as many rows as C.
  func multiply(into c: ProductTarget, _ a: ProductFactor) {
    let left = CKernelsFactor(
      start: Self.units(a.start), rowStride: a.isTransposed ? 1 : Int64(a.stride),
      depthStride: a.isTransposed ? Int64(a.stride) : 1)
    for index in 0..<layout.panelCount {
      let columns = layout.columns(of: index)
      let panel = packed.map { UnsafePointer($0.floats + index * layout.panelSize) }
      CKernels_multiplyFloats(
        FloatVectors.widest.value,
        c.start + columns.lowerBound, Int64(c.stride), left,
        Self.units(panel ?? factor.start + columns.lowerBound),
        Int64(packed == nil ? factor.stride : PanelLayout.width), Int64(depth), Int64(c.rowCount),
        Int64(columns.count), c.isAdding, nil)
    }
  }

  private static func units(_ numbers: UnsafePointer<Float>) -> UnsafePointer<UInt32> {
    UnsafeRawPointer(numbers).assumingMemoryBound(to: UInt32.self)
  }
}
