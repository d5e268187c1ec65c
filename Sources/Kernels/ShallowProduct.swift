import CKernels
import COneDNN

/// A float32 product of short sums, C ← A·B or C ← C + A·B, by an own kernel on the calling thread.
///
/// The libraries' kernels are made for long sums: they lose up to half their rate on the tiles of
/// attention and the layers of small models, above all where B is transposed.
struct ShallowProduct {
  private static let panelWidth = Int(CKernelsPanelWidth)
  /// Depths come in multiples of this, as the packing of a transpose writes them.
  private static let depthMultiple = 16

  let target: UnsafeMutablePointer<Float>
  let stride: Int
  let rowCount: Int
  let columnCount: Int
  let depth: Int
  let isAdding: Bool

  /// Whether the kernel is the fastest for a depth; a function of the processor and the shape only.
  static func isPreferred(depth: Int, isLeftTransposed: Bool) -> Bool {
    hasInstructions && depth <= (isLeftTransposed ? 128 : 512)
  }

  private static let hasInstructions = LibraryEngine.uses(dnnl_cpu_isa_avx512_core)

  /// Computes the product.
  func run(_ a: ProductFactor, _ b: ProductFactor) {
    let isPacked = b.isTransposed || rowCount >= Self.panelWidth && columnCount > Self.panelWidth
    let capacity = (depth + Self.depthMultiple - 1) / Self.depthMultiple * Self.depthMultiple
    let scratch = Buffer(.float32, count: isPacked ? capacity * Self.panelWidth : 0)
    for column in Swift.stride(from: 0, to: columnCount, by: Self.panelWidth) {
      let width = min(Self.panelWidth, columnCount - column)
      if isPacked { pack(b, into: scratch.floats, column, width, capacity) }
      let right = isPacked ? UnsafePointer(scratch.floats) : b.start + column
      CKernels_multiplyFloats(
        target + column, Int64(stride), left(a), Self.units(right),
        Int64(isPacked ? Self.panelWidth : b.stride), Int64(depth), Int64(rowCount), Int64(width),
        isAdding)
    }
  }

  private func pack(
    _ b: ProductFactor, into panel: UnsafeMutablePointer<Float>, _ column: Int, _ width: Int,
    _ capacity: Int
  ) {
    guard b.isTransposed else {
      return CKernels_packFloatPanel(
        panel, b.start + column, Int64(b.stride), Int64(depth), Int64(width))
    }
    // A float is packed as a pair of halves.
    let halves = UnsafeRawPointer(b.start + column * b.stride)
    CKernels_packTransposedPanel(
      UnsafeMutableRawPointer(panel).assumingMemoryBound(to: UInt32.self),
      halves.assumingMemoryBound(to: UInt16.self), Int64(2 * b.stride), Int64(2 * depth),
      Int64(width), Int64(capacity))
  }

  private func left(_ a: ProductFactor) -> CKernelsFactor {
    CKernelsFactor(
      start: Self.units(a.start), rowStride: a.isTransposed ? 1 : Int64(a.stride),
      depthStride: a.isTransposed ? Int64(a.stride) : 1)
  }

  private static func units(_ numbers: UnsafePointer<Float>) -> UnsafePointer<UInt32> {
    UnsafeRawPointer(numbers).assumingMemoryBound(to: UInt32.self)
  }
}
