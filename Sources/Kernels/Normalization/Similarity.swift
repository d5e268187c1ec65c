import CKernels

/// Writes the Euclidean norm of each row; its count gives the number of rows.
public func rowNorms(into norms: Buffer, _ x: Buffer) {
  let width = rowSize(of: [x], rowCount: norms.count, "rowNorms")
  let (target, source) = (norms.floats, x.floats)
  parallelFor(norms.count, grain: rowGrain(width)) { rows in
    CKernels_rowNorms(
      target + rows.lowerBound, source + rows.lowerBound * width, Int64(rows.count), Int64(width))
  }
}

/// y = x / (‖x‖ + epsilon) in each row.
///
/// - Parameters:
///   - y: Result, as large as `x`.
///   - x: Rows.
///   - norms: What `rowNorms` gives for them.
///   - epsilon: Added to the norm.
public func l2Normalize(into y: Buffer, _ x: Buffer, norms: Buffer, epsilon: Float) {
  let width = rowSize(of: [y, x], rowCount: norms.count, "l2Normalize")
  let (target, source, lengths) = (y.floats, x.floats, norms.floats)
  parallelFor(norms.count, grain: rowGrain(width)) { rows in
    let start = rows.lowerBound * width
    CKernels_l2Normalize(
      target + start, source + start, lengths + rows.lowerBound, epsilon, Int64(rows.count),
      Int64(width))
  }
}

/// The gradient of `l2Normalize`, written or added; 0 in rows whose norm is 0.
public func l2NormalizeGradient(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, norms: Buffer, epsilon: Float
) {
  let width = rowSize(of: [dx, dy, x], rowCount: norms.count, "l2NormalizeGradient")
  let (target, gradient, source, lengths) = (dx.floats, dy.floats, x.floats, norms.floats)
  parallelFor(norms.count, grain: rowGrain(width)) { rows in
    let start = rows.lowerBound * width
    CKernels_l2NormalizeGradient(
      target + start, gradient + start, source + start, lengths + rows.lowerBound, epsilon,
      isAdding ? 1 : 0, Int64(rows.count), Int64(width))
  }
}

/// The cosine of the angle between the rows of two arrays: a·b / (max(‖a‖, ε)·max(‖b‖, ε)).
public struct CosineSimilarity: Sendable {
  /// One of the two arrays with the norms of its rows.
  public struct Operand: Sendable {
    let rows: Buffer
    let norms: Buffer

    /// The rows of `rowCount` in `rows`.
    public init(_ rows: Buffer, rowCount: Int) {
      self.rows = rows
      norms = Buffer(.float32, count: rowCount)
      rowNorms(into: norms, rows)
    }
  }

  /// The least that a norm counts as.
  public let epsilon: Float

  /// The operation with an epsilon.
  public init(epsilon: Float) { self.epsilon = epsilon }

  /// Writes the cosines, one a row.
  public func forward(into cosines: Buffer, _ a: Operand, _ b: Operand) {
    let width = rowSize(of: [a.rows, b.rows], rowCount: cosines.count, "cosineSimilarity")
    let (target, left, right) = (cosines.floats, a.rows.floats, b.rows.floats)
    let (leftNorms, rightNorms) = (a.norms.floats, b.norms.floats)
    parallelFor(cosines.count, grain: rowGrain(width)) { rows in
      let (first, start) = (rows.lowerBound, rows.lowerBound * width)
      CKernels_cosineSimilarity(
        target + first, left + start, right + start, leftNorms + first, rightNorms + first, epsilon,
        Int64(rows.count), Int64(width))
    }
  }

  /// The gradient of the first operand, written or added; the operation is symmetric.
  ///
  /// - Parameters:
  ///   - da: Gradient of the rows of `a`.
  ///   - isAdding: Whether to add to `da`.
  ///   - dCosines: Gradient of the cosines.
  ///   - cosines: What `forward` gave.
  ///   - a: The operand whose gradient is wanted.
  ///   - b: The other one.
  public func backward(
    into da: Buffer, isAdding: Bool, _ dCosines: Buffer, cosines: Buffer, _ a: Operand, _ b: Operand
  ) {
    let width = rowSize(
      of: [da, a.rows, b.rows], rowCount: cosines.count, "cosineSimilarity, gradient")
    precondition(
      dCosines.count == cosines.count,
      "cosineSimilarity: \(dCosines.count) gradients of \(cosines.count) cosines")
    let (target, gradient, values) = (da.floats, dCosines.floats, cosines.floats)
    let (left, right) = (a.rows.floats, b.rows.floats)
    let (leftNorms, rightNorms) = (a.norms.floats, b.norms.floats)
    parallelFor(cosines.count, grain: rowGrain(width)) { rows in
      let (first, start) = (rows.lowerBound, rows.lowerBound * width)
      CKernels_cosineSimilarityGradient(
        target + start, gradient + first, values + first, left + start, right + start,
        leftNorms + first, rightNorms + first, epsilon, isAdding ? 1 : 0, Int64(rows.count),
        Int64(width))
    }
  }
}

/// Weighted squared distances of the rows of two arrays.
public struct WeightedDistance: Sendable {
  private let x: Buffer
  private let y: Buffer
  private let weight: Buffer

  /// The operation on rows of `weight.count` channels, as many in `x` as in `y`.
  public init(_ x: Buffer, _ y: Buffer, weight: Buffer) {
    precondition(
      x.count == y.count && weight.count > 0 && x.count % weight.count == 0,
      "weightedDistance: counts \(x.count) and \(y.count) in rows of \(weight.count)")
    (self.x, self.y, self.weight) = (x, y, weight)
  }

  /// Writes Σ weight·(x − y)² over the channels, one number a row.
  public func forward(into distances: Buffer) {
    let width = weight.count
    precondition(
      distances.count == x.count / width,
      "weightedDistance: \(x.count / width) rows into \(distances.count) distances")
    let (target, left, right, factors) = (distances.floats, x.floats, y.floats, weight.floats)
    parallelFor(distances.count, grain: rowGrain(width)) { rows in
      let start = rows.lowerBound * width
      CKernels_weightedDistances(
        target + rows.lowerBound, left + start, right + start, factors, Int64(rows.count),
        Int64(width))
    }
  }

  /// Writes or adds `factor`·weight·(x − y) in some rows.
  ///
  /// - Parameters:
  ///   - dx: Result, shaped like `x`.
  ///   - isAdding: Whether to add to `dx`.
  ///   - rows: The rows that are written.
  ///   - factor: The factor.
  public func differences(
    into dx: Buffer, isAdding: Bool, rows: Range<Int>, factor: Float
  ) {
    let width = weight.count
    precondition(
      dx.count == x.count && rows.lowerBound >= 0 && rows.upperBound <= x.count / width,
      "weightedDistance: rows \(rows) of \(x.count) elements into \(dx.count)")
    let (target, left, right, factors) = (dx.floats, x.floats, y.floats, weight.floats)
    parallelFor(rows.count, grain: rowGrain(width)) { part in
      let start = (rows.lowerBound + part.lowerBound) * width
      CKernels_weightedDifferences(
        target + start, left + start, right + start, factors, factor, isAdding ? 1 : 0,
        Int64(part.count), Int64(width))
    }
  }
}

/// The width of the rows that all buffers consist of.
private func rowSize(of buffers: [Buffer], rowCount: Int, _ name: String) -> Int {
  let count = buffers[0].count
  precondition(
    buffers.allSatisfy { $0.count == count }
      && (rowCount == 0 ? count == 0 : count % rowCount == 0),
    "\(name): counts \(buffers.map(\.count)) in \(rowCount) rows")
  return rowCount == 0 ? 0 : count / rowCount
}
