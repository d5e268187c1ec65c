import CKernels
import COneDNN

/// Float32 products of short sums, C ← A·B or C ← C + A·B, by an own kernel.
///
/// The libraries' kernels are made for long sums: they lose up to half their rate on the tiles of
/// attention and the layers of small models, above all where B is transposed.
enum ShallowProduct {
  /// Whether the kernel is the fastest for a depth; a function of the processor and the shape only.
  static func isPreferred(depth: Int, isLeftTransposed: Bool) -> Bool {
    hasInstructions && 1...(isLeftTransposed ? 128 : 512) ~= depth
  }

  private static let hasInstructions = LibraryEngine.uses(dnnl_cpu_isa_avx512_core)
}

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

/// The right-hand factor of float32 products, in panels of 64 columns side by side.
struct FloatPanels {
  private static let width = Int(CKernelsPanelWidth)
  /// Depths come in multiples of this, as the packing of a transpose writes them.
  private static let depthMultiple = 16

  private let factor: ProductFactor
  private let depth: Int
  private let columnCount: Int
  /// Nil where the factor is read as it lies.
  private let packed: Buffer?

  /// Packs a factor on the calling thread, or leaves it where it lies if few rows are multiplied
  /// with it.
  init(_ factor: ProductFactor, depth: Int, columnCount: Int, rowCount: Int) {
    let isWorthwhile =
      factor.isTransposed || rowCount >= Self.width && columnCount > Self.width
    self.init(factor, depth, columnCount, isPacked: isWorthwhile)
    if isWorthwhile { pack(0..<panelCount) }
  }

  /// Packs a factor on all threads.
  init(_ matrix: Matrix) {
    self.init(
      matrix.factor(row: 0, column: 0), matrix.rowCount, matrix.columnCount, isPacked: true)
    parallelFor(panelCount) { pack($0) }
  }

  private init(_ factor: ProductFactor, _ depth: Int, _ columnCount: Int, isPacked: Bool) {
    self.factor = factor
    self.depth = depth
    self.columnCount = columnCount
    packed =
      isPacked
      ? Buffer(.float32, count: Self.panelSize(depth) * Self.panelCount(columnCount)) : nil
  }

  private static func panelCount(_ columnCount: Int) -> Int { (columnCount + width - 1) / width }

  private static func panelSize(_ depth: Int) -> Int {
    (depth + depthMultiple - 1) / depthMultiple * depthMultiple * width
  }

  private var panelCount: Int { Self.panelCount(columnCount) }

  private func pack(_ panels: Range<Int>) {
    guard let packed else { return }
    for index in panels {
      let column = index * Self.width
      pack(
        into: packed.floats + index * Self.panelSize(depth), column,
        min(Self.width, columnCount - column))
    }
  }

  private func pack(into panel: UnsafeMutablePointer<Float>, _ column: Int, _ width: Int) {
    guard factor.isTransposed else {
      return CKernels_packFloatPanel(
        panel, factor.start + column, Int64(factor.stride), Int64(depth), Int64(width))
    }
    // A float is packed as a pair of halves.
    let halves = UnsafeRawPointer(factor.start + column * factor.stride)
    CKernels_packTransposedPanel(
      UnsafeMutableRawPointer(panel).assumingMemoryBound(to: UInt32.self),
      halves.assumingMemoryBound(to: UInt16.self), Int64(2 * factor.stride), Int64(2 * depth),
      Int64(width), Int64(Self.panelSize(depth) / Self.width))
  }

  /// Computes C on the calling thread; A has as many rows as C.
  func multiply(into c: ProductTarget, _ a: ProductFactor) {
    let left = CKernelsFactor(
      start: Self.units(a.start), rowStride: a.isTransposed ? 1 : Int64(a.stride),
      depthStride: a.isTransposed ? Int64(a.stride) : 1)
    for index in 0..<panelCount {
      let column = index * Self.width
      let right = packed.map { UnsafePointer($0.floats + index * Self.panelSize(depth)) }
      CKernels_multiplyFloats(
        c.start + column, Int64(c.stride), left, Self.units(right ?? factor.start + column),
        Int64(packed == nil ? factor.stride : Self.width), Int64(depth), Int64(c.rowCount),
        Int64(min(Self.width, columnCount - column)), c.isAdding)
    }
  }

  private static func units(_ numbers: UnsafePointer<Float>) -> UnsafePointer<UInt32> {
    UnsafeRawPointer(numbers).assumingMemoryBound(to: UInt32.self)
  }
}
