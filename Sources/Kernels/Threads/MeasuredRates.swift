import CKernels

/// Times square products and gives the best rate, in floating-point operations a second.
///
/// The products are those of training: `product(into:_:_:)` on the threads of this process.
///
/// - Parameters:
///   - operandType: Type of the operands: float32 or bfloat16.
///   - size: Rows and columns of each matrix.
///   - seconds: No product begins later than this; there is always one.
/// - Returns: The rate; nil for bfloat16 on a processor that does not multiply such numbers, or float32 ones faster.
public func measuredProductRate(
  _ operandType: ElementType, size: Int = 1024, seconds: Double
) -> Double? {
  precondition(
    operandType == .float32 || operandType == .bfloat16,
    "measuredProductRate: products take float32 or bfloat16, not \(operandType)")
  guard operandType == .float32 || BFloat16Route.preferred == .library else { return nil }
  func matrix(_ type: ElementType) -> Matrix {
    // Ones: numbers that no addition makes slow.
    let ones = Buffer(.float32, count: size * size)
    fill(ones, with: 1)
    return Matrix(
      type == .bfloat16 ? ones.rounded : ones, rowCount: size, columnCount: size)
  }
  let (a, b, c) = (matrix(operandType), matrix(operandType), matrix(.float32))
  let best = fastest(within: seconds) { product(into: c, a, b) }
  return 2 * Double(size * size * size) / best
}

/// Times y = a + s·b over arrays that no cache holds, and gives the best rate, in bytes a second.
///
/// Counted are the bytes of the three arrays, as the STREAM benchmark's triad counts them.
///
/// - Parameters:
///   - elementCount: Elements of each array.
///   - seconds: No pass begins later than this; there is always one.
/// - Returns: The rate.
public func measuredMemoryRate(elementCount: Int = 1 << 24, seconds: Double) -> Double {
  let arrays = (0..<3).map { _ in Buffer(.float32, count: elementCount) }
  for array in arrays { fill(array, with: 1) }
  let best = fastest(within: seconds) {
    triad(into: arrays[0], arrays[1], arrays[2], factor: 2)
  }
  return Double(3 * elementCount * MemoryLayout<Float>.stride) / best
}

/// y = a + factor·b; `y` may be one of the two.
package func triad(into y: Buffer, _ a: Buffer, _ b: Buffer, factor: Float) {
  precondition(
    y.count == a.count && y.count == b.count,
    "triad: counts \(y.count), \(a.count), \(b.count) differ")
  let (target, left, right) = (y.floats, a.floats, b.floats)
  parallelFor(y.count, grain: elementGrain) { range in
    CKernels_triad(
      target + range.lowerBound, left + range.lowerBound, right + range.lowerBound, factor,
      Int64(range.count))
  }
}

/// Seconds of the fastest call among those that begin within a span of time.
private func fastest(within seconds: Double, _ body: () -> Void) -> Double {
  let clock = ContinuousClock()
  let start = clock.now
  var best = Duration.seconds(Int64.max / 2)
  repeat { best = min(best, clock.measure(body)) } while clock.now - start < .seconds(seconds)
  return best / .seconds(1)
}
