import COpenBLAS

// Products, eigenvalues and singular values of matrices in double precision, `[rows, columns]`, on the calling
// thread: their bits do not depend on the number of threads.

/// A·B, or A·Bᵀ.
///
/// - Parameters:
///   - a: A, `[rows, depth]`.
///   - b: B, `[depth, columns]`, or `[columns, depth]` to be transposed.
///   - depth: Columns of A.
///   - isTransposed: Whether B is given transposed.
/// - Returns: The product, `[rows, columns]`.
/// - Precondition: Both have whole rows.
public func product(_ a: [Double], _ b: [Double], depth: Int, transposed isTransposed: Bool = false)
  -> [Double]
{
  precondition(
    depth > 0 && !a.isEmpty && !b.isEmpty && a.count.isMultiple(of: depth)
      && b.count.isMultiple(of: depth),
    "product: \(a.count) and \(b.count) numbers with \(depth) in common")
  let (rowCount, columnCount) = (a.count / depth, b.count / depth)
  var c = [Double](repeating: 0, count: rowCount * columnCount)
  keepOpenBLASSerial()
  cblas_dgemm(
    CblasRowMajor, CblasNoTrans, isTransposed ? CblasTrans : CblasNoTrans, Int32(rowCount),
    Int32(columnCount), Int32(depth), 1, a, Int32(depth), b,
    Int32(isTransposed ? depth : columnCount), 0, &c, Int32(columnCount))
  return c
}

/// An iteration for eigenvalues or singular values that did not come to an end.
public struct IterationFailure: Error, Equatable, CustomStringConvertible {
  /// LAPACK's routine.
  public let routine: String
  /// What it returned.
  public let status: Int

  /// What happened, and what to look at.
  public var description: String {
    "LAPACK's \(routine) ended with status \(status): the matrix has numbers that are not finite or far "
      + "too large: check the features or the file of statistics that it was made of"
  }
}

/// The eigenvalues of a symmetric matrix, ascending, and its eigenvectors.
///
/// - Parameters:
///   - matrix: `[size, size]`.
///   - size: Rows and columns.
/// - Returns: The values, `[size]`, and a vector a row, `[size, size]`.
/// - Throws: `IterationFailure`.
/// - Precondition: The matrix has this size.
public func eigenvectors(ofSymmetric matrix: [Double], size: Int) throws(IterationFailure) -> (
  values: [Double], vectors: [Double]
) {
  precondition(
    1...Int(Int16.max) ~= size && matrix.count == size * size,
    "eigenvectors: \(matrix.count) numbers of a matrix of \(size)")
  keepOpenBLASSerial()
  var vectors = matrix
  var values = [Double](repeating: 0, count: size)
  var (wanted, wantedIntegers): (Double, Int32) = (0, 0)
  let job = CChar(UInt8(ascii: "V"))
  // Asked first for the sizes of its working memory.
  var status = COpenBLAS_dsyevd(
    job, Int32(size), &vectors, &values, &wanted, -1, &wantedIntegers, -1)
  if status == 0 {
    var work = [Double](repeating: 0, count: Int(wanted))
    var integers = [Int32](repeating: 0, count: Int(wantedIntegers))
    status = COpenBLAS_dsyevd(
      job, Int32(size), &vectors, &values, &work, Int32(work.count), &integers,
      Int32(integers.count))
  }
  guard status == 0 else { throw IterationFailure(routine: "dsyevd", status: Int(status)) }
  return (values, vectors)
}

/// The singular values of a matrix, descending.
///
/// - Parameters:
///   - matrix: `[rows, columns]`.
///   - columnCount: Columns.
/// - Returns: As many as rows or columns, whichever are fewer.
/// - Throws: `IterationFailure`.
/// - Precondition: The matrix has whole rows.
public func singularValues(of matrix: [Double], columnCount: Int) throws(IterationFailure)
  -> [Double]
{
  precondition(
    columnCount > 0 && !matrix.isEmpty && matrix.count.isMultiple(of: columnCount),
    "singularValues: \(matrix.count) numbers in rows of \(columnCount)")
  keepOpenBLASSerial()
  // LAPACK reads columns first: it sees the transpose, which has the same singular values.
  let rowCount = matrix.count / columnCount
  var scratch = matrix
  var values = [Double](repeating: 0, count: min(rowCount, columnCount))
  var integers = [Int32](repeating: 0, count: 8 * values.count)
  var wanted = 0.0
  var status = COpenBLAS_dgesdd(
    Int32(columnCount), Int32(rowCount), &scratch, &values, &wanted, -1, &integers)
  if status == 0 {
    var work = [Double](repeating: 0, count: Int(wanted))
    status = COpenBLAS_dgesdd(
      Int32(columnCount), Int32(rowCount), &scratch, &values, &work, Int32(work.count), &integers)
  }
  guard status == 0 else { throw IterationFailure(routine: "dgesdd", status: Int(status)) }
  return values
}
