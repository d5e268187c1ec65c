import CKernels

/// Squared Euclidean distances between rows of features, in double precision.
///
///     d[i, j] = Σ over channels of (a[i] − b[j])²
///
/// A distance depends on its two rows alone: it has the same bits wherever they stand, whichever comes first,
/// and on any number of threads; equal rows have distance 0.
///
/// - Parameters:
///   - distances: The result, `[aRows, bRows]`, which is written from its beginning.
///   - a: Rows of `channelCount` numbers.
///   - aRows: The rows of `a` that are meant.
///   - b: Rows of `channelCount` numbers.
///   - bRows: The rows of `b` that are meant.
///   - channelCount: Numbers of a row.
/// - Precondition: The rows are there, and the result is large enough.
public func squaredDistances(
  into distances: inout [Double], _ a: [Float], rows aRows: Range<Int>, _ b: [Float],
  rows bRows: Range<Int>, channelCount: Int
) {
  precondition(
    channelCount > 0 && aRows.lowerBound >= 0 && bRows.lowerBound >= 0
      && aRows.upperBound * channelCount <= a.count && bRows.upperBound * channelCount <= b.count
      && distances.count >= aRows.count * bRows.count,
    "squaredDistances: rows \(aRows) and \(bRows) of \(channelCount) in \(a.count) and \(b.count) "
      + "numbers, into \(distances.count)")
  let width = bRows.count
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      distances.withUnsafeMutableBufferPointer { distances in
        guard let left = a.baseAddress, let right = b.baseAddress,
          let target = distances.baseAddress
        else { return }
        nonisolated(unsafe) let start = target
        parallelFor(aRows.count, grain: 4) { range in
          CKernels_squaredDistances(
            start + range.lowerBound * width, Int64(width),
            left + (aRows.lowerBound + range.lowerBound) * channelCount, Int64(range.count),
            right + bRows.lowerBound * channelCount, Int64(width), Int64(channelCount))
        }
      }
    }
  }
}
