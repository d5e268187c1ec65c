import COneDNN
import COpenBLAS

/// A factor of a serial product: a row-major matrix inside a larger array.
package struct ProductFactor {
  /// The first element.
  package let start: UnsafePointer<Float>
  /// Elements from one row to the next in memory.
  package let stride: Int
  /// Whether the product takes the transpose of what is in memory.
  package let isTransposed: Bool

  /// A view of the matrix at `start`, whose rows are `stride` elements apart.
  package init(_ start: UnsafePointer<Float>, stride: Int, isTransposed: Bool = false) {
    self.start = start
    self.stride = stride
    self.isTransposed = isTransposed
  }
}

/// C ← alpha·A·B + beta·C on the calling thread; may run on several threads at once.
///
/// - Parameters:
///   - c: First element of C, `[rowCount, columnCount]`; not read when `beta` is 0.
///   - stride: Elements from one row of C to the next.
///   - rowCount: Rows of A and C.
///   - columnCount: Columns of B and C.
///   - depth: Columns of A and rows of B.
///   - a: A, `[rowCount, depth]`, or its transpose in memory.
///   - b: B, `[depth, columnCount]`, or its transpose in memory.
///   - alpha: Factor of the product.
///   - beta: Factor of what C held.
///   - rowBits: What the bits of a row depend on; on itself alone needs whole blocks of rows (`IndependentTiles`).
package func serialProduct(
  into c: UnsafeMutablePointer<Float>, stride: Int, rowCount: Int, columnCount: Int, depth: Int,
  _ a: ProductFactor, _ b: ProductFactor, alpha: Float = 1, beta: Float = 0,
  rowBits: RowBits = .ofShape
) {
  guard rowCount > 0, columnCount > 0 else { return }
  if FloatPanels.isPreferred(
    depth: depth, isLeftTransposed: a.isTransposed, alpha: alpha, beta: beta)
  {
    let target = ProductTarget(
      start: c, stride: stride, rowCount: rowCount, columnCount: columnCount, isAdding: beta == 1)
    return FloatPanels(b, depth: depth, columnCount: columnCount, rowCount: rowCount)
      .multiply(into: target, a)
  }
  // OpenBLAS's AVX2 kernels give a row other bits in other places of a block.
  let multiply =
    rowBits == .ofShape && isDeep(depth, isTransposed: a.isTransposed)
    ? productByOpenBLAS : productByOneDNN
  multiply(c, stride, rowCount, columnCount, depth, a, b, alpha, beta)
}

/// Whether OpenBLAS is the faster library; a function of the processor and the shape only, for the
/// bits' sake.
///
/// With AVX-512 oneDNN is as fast for what is left to the libraries, and does not depend on OpenBLAS's choice of kernels,
/// which may be those of an older processor at half the rate. For the others:
/// It packs both factors before it multiplies, which long sums repay. oneDNN reads shallow factors
/// where they are: on one core of a Zen 3 at 98 GFLOP/s it multiplies the tiles of attention at 88 to
/// 95 against 56 to 80, the layers of small models at 80 to 95 against 54 to 85.
private func isDeep(_ depth: Int, isTransposed: Bool) -> Bool {
  !OneDNNEngine.hasAVX512 && (depth > 512 || isTransposed && depth >= 384)
}

/// C ← alpha·A·B + beta·C by OpenBLAS.
private func productByOpenBLAS(
  into c: UnsafeMutablePointer<Float>, stride: Int, rowCount: Int, columnCount: Int, depth: Int,
  _ a: ProductFactor, _ b: ProductFactor, alpha: Float, beta: Float
) {
  keepOpenBLASSerial()
  cblas_sgemm(
    CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
    b.isTransposed ? CblasTrans : CblasNoTrans, Int32(rowCount), Int32(columnCount), Int32(depth),
    alpha, a.start, Int32(a.stride), b.start, Int32(b.stride), beta, c, Int32(stride))
}

/// C ← alpha·A·B + beta·C by oneDNN.
private func productByOneDNN(
  into c: UnsafeMutablePointer<Float>, stride: Int, rowCount: Int, columnCount: Int, depth: Int,
  _ a: ProductFactor, _ b: ProductFactor, alpha: Float, beta: Float
) {
  let (normal, transposed) = (CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "T")))
  let status = onOneThread {
    dnnl_sgemm(
      a.isTransposed ? transposed : normal, b.isTransposed ? transposed : normal, Int64(rowCount),
      Int64(columnCount), Int64(depth), alpha, a.start, Int64(a.stride), b.start, Int64(b.stride),
      beta, c, Int64(stride))
  }
  precondition(
    status == dnnl_success,
    "oneDNN: dnnl_sgemm gave status \(status.rawValue) for \(rowCount)x\(columnCount)x\(depth)")
}

/// Keeps OpenBLAS on the calling thread: products are split over the shared pool here, in tiles that
/// do not depend on the number of threads, and its own threads would compete with the pool's.
private let serialLibrary: Void = openblas_set_num_threads(1)

/// Keeps OpenBLAS on the calling thread from here on.
func keepOpenBLASSerial() { _ = serialLibrary }
