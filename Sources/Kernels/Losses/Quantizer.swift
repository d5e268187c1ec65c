import CKernels

/// Rows below which a pass over short rows is not worth a second thread.
private let rowGrain = 256

/// Codes that kernels read together; the last block is filled up.
let codesPerBlock = 16

/// y = x / max(|x|, epsilon) for each of the rows of `width` elements; `y` may be `x`.
package func normalizeRows(into y: Buffer, _ x: Buffer, width: Int, guard epsilon: Float) {
  precondition(
    width > 0 && x.count % width == 0 && y.count == x.count,
    "normalizeRows: counts \(y.count), \(x.count) are no rows of \(width)")
  let (target, source) = (y.floats, x.floats)
  parallelFor(x.count / width, grain: rowGrain) { rows in
    let start = rows.lowerBound * width
    CKernels_normalizeRows(
      target + start, source + start, epsilon, Int64(rows.count), Int64(width))
  }
}

/// The gradient of `normalizeRows` at `x` for the result's gradient `dy`.
package func normalizeRowsBackward(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, width: Int, guard epsilon: Float
) {
  precondition(
    width > 0 && x.count % width == 0 && dx.count == x.count && dy.count == x.count,
    "normalizeRowsBackward: counts \(dx.count), \(dy.count), \(x.count) are no rows of \(width)")
  let (target, gradient, source) = (dx.floats, dy.floats, x.floats)
  parallelFor(x.count / width, grain: rowGrain) { rows in
    let start = rows.lowerBound * width
    CKernels_normalizeRowsBackward(
      target + start, gradient + start, source + start, epsilon, isAdding ? 1 : 0,
      Int64(rows.count), Int64(width))
  }
}

/// The code with the largest inner product for each row of `z`, the first one on ties.
///
/// - Parameters:
///   - index: Receives the codes' numbers, `[M]`.
///   - z: Rows, `[M, width]`.
///   - codes: Codes, `[K, width]`.
///   - width: Elements of a row.
package func nearestCodes(into index: Buffer, _ z: Buffer, codes: Buffer, width: Int) {
  precondition(
    width > 0 && z.count == index.count * width && codes.count % width == 0 && codes.count > 0,
    "nearestCodes: \(z.count) and \(codes.count) elements are not \(index.count) and some rows of \(width)"
  )
  let codeCount = codes.count / width
  let packed = packedCodes(codes, width: width)
  let (target, source, blocks) = (index.integers, z.floats, packed.floats)
  // A row costs codeCount * width multiplications.
  let grain = max(4, elementGrain / codeCount)
  withExtendedLifetime(packed) {
    parallelFor(index.count, grain: grain) { rows in
      CKernels_nearestCodes(
        target + rows.lowerBound, source + rows.lowerBound * width, blocks, Int64(rows.count),
        Int64(codeCount), Int64(width))
    }
  }
}

/// The codes in blocks, as the kernels read them; padding included.
func packedCodes(_ codes: Buffer, width: Int) -> Buffer {
  let codeCount = codes.count / width
  let blockCount = (codeCount + codesPerBlock - 1) / codesPerBlock
  let packed = Buffer(.float32, count: blockCount * codesPerBlock * width)
  CKernels_packCodes(packed.floats, codes.floats, Int64(codeCount), Int64(width))
  return packed
}
