import Kernels

/// Sums the mean and the covariance of rows of features, which arrive in any pieces.
///
/// Rows are taken in blocks of a fixed number in the order in which they come: centred on the block's own mean
/// in double precision, their outer products added, and the block put together with those before it, so that
/// neither a large offset nor the sizes of the pieces matter to the bits.
/// Source: Chan, Golub & LeVeque 1983, equation 2.1; Docs/Evaluation.md, section 2.
struct MomentAccumulator: Sendable {
  private static let blockRowCount = 256

  /// Numbers of a row.
  let dimension: Int
  /// Rows so far, those that wait for their block to be full among them.
  private(set) var rowCount = 0
  private var pending: [Float] = []
  private var absorbedCount = 0
  private var mean: [Double]
  private var scatter: ScatterMatrix

  init(dimension: Int) {
    self.dimension = dimension
    mean = [Double](repeating: 0, count: dimension)
    scatter = ScatterMatrix(size: dimension)
  }

  /// Adds rows, `[rows, dimension]`.
  mutating func add(_ rows: [Float]) {
    precondition(
      rows.count.isMultiple(of: dimension),
      "MomentAccumulator: \(rows.count) numbers are no rows of \(dimension)")
    rowCount += rows.count / dimension
    pending += rows
    let blockSize = Self.blockRowCount * dimension
    var start = 0
    while pending.count - start >= blockSize {
      absorb(pending[start..<start + blockSize])
      start += blockSize
    }
    if start > 0 { pending.removeFirst(start) }
  }

  /// The mean and the covariance with divisor N − 1.
  ///
  /// - Throws: `EvaluationError` for fewer than two rows, or numbers that are not finite.
  func statistics(of set: String) throws(EvaluationError) -> FeatureStatistics {
    guard rowCount >= 2 else {
      throw .tooFewImages(set: set, found: rowCount, needed: 2)
    }
    var last = self
    if !pending.isEmpty { last.absorb(pending[...]) }
    let statistics = FeatureStatistics(
      mean: last.mean, covariance: last.scatter.elements(times: 1 / Double(rowCount - 1)),
      imageCount: rowCount)
    guard statistics.isFinite else { throw .notFinite(set: set) }
    return statistics
  }

  private mutating func absorb(_ block: ArraySlice<Float>) {
    let count = block.count / dimension
    var rows = block.map(Double.init)
    var blockMean = [Double](repeating: 0, count: dimension)
    for row in 0..<count {
      for column in 0..<dimension { blockMean[column] += rows[row * dimension + column] }
    }
    for column in 0..<dimension { blockMean[column] /= Double(count) }
    for row in 0..<count {
      for column in 0..<dimension { rows[row * dimension + column] -= blockMean[column] }
    }
    scatter.add(rows: rows)
    let total = absorbedCount + count
    let shift = zip(blockMean, mean).map { $0 - $1 }
    if absorbedCount > 0 {
      scatter.add(row: shift, scale: Double(absorbedCount) * Double(count) / Double(total))
    }
    for column in 0..<dimension {
      mean[column] += shift[column] * (Double(count) / Double(total))
    }
    absorbedCount = total
  }
}
