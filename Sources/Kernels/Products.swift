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
package func serialProduct(
  into c: UnsafeMutablePointer<Float>, stride: Int, rowCount: Int, columnCount: Int, depth: Int,
  _ a: ProductFactor, _ b: ProductFactor, alpha: Float = 1, beta: Float = 0
) {
  guard rowCount > 0, columnCount > 0 else { return }
  _ = serialLibrary
  cblas_sgemm(
    CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
    b.isTransposed ? CblasTrans : CblasNoTrans, Int32(rowCount), Int32(columnCount), Int32(depth),
    alpha, a.start, Int32(a.stride), b.start, Int32(b.stride), beta, c, Int32(stride))
}

/// Keeps OpenBLAS on the calling thread: products are split over the shared pool here, in tiles that
/// do not depend on the number of threads, and its own threads would compete with the pool's.
private let serialLibrary: Void = openblas_set_num_threads(1)
