import COpenBLAS

/// A symmetric matrix in double precision that outer products of rows are added to.
///
/// On the calling thread: its bits do not depend on the number of threads.
public struct ScatterMatrix: Sendable {
  /// Rows and columns.
  public let size: Int
  /// `[size, size]`, of which nothing above the diagonal is used.
  private var lower: [Double]

  /// A matrix of zeros.
  ///
  /// - Precondition: The size is positive, and at most 32 767.
  public init(size: Int) {
    precondition(1...Int(Int16.max) ~= size, "ScatterMatrix: size \(size)")
    self.size = size
    lower = [Double](repeating: 0, count: size * size)
  }

  /// Adds Xᵀ·X.
  ///
  /// - Parameter rows: X, `[rows, size]`.
  public mutating func add(rows: [Double]) {
    precondition(rows.count.isMultiple(of: size), "ScatterMatrix: \(rows.count) numbers of \(size)")
    guard !rows.isEmpty else { return }
    keepOpenBLASSerial()
    cblas_dsyrk(
      CblasRowMajor, CblasLower, CblasTrans, Int32(size), Int32(rows.count / size), 1, rows,
      Int32(size), 1, &lower, Int32(size))
  }

  /// Adds scale·xᵀ·x.
  ///
  /// - Parameters:
  ///   - row: x, `[size]`.
  ///   - scale: Its factor.
  public mutating func add(row: [Double], scale: Double) {
    precondition(row.count == size, "ScatterMatrix: \(row.count) numbers of \(size)")
    keepOpenBLASSerial()
    cblas_dsyr(
      CblasRowMajor, CblasLower, Int32(size), scale, row, 1, &lower, Int32(size))
  }

  /// The whole matrix, each element times a factor: `[size, size]`.
  public func elements(times scale: Double) -> [Double] {
    var all = lower
    for row in 0..<size {
      for column in 0...row {
        let value = lower[row * size + column] * scale
        all[row * size + column] = value
        all[column * size + row] = value
      }
    }
    return all
  }
}
