import CKernels

/// Elements below which an exponential for each is not worth a second thread.
let exponentialGrain = 2_048

/// y = x·Φ(x), the exact (erf) Gaussian error linear unit.
public func gelu(into y: Buffer, _ x: Buffer) {
  precondition(y.count == x.count, "gelu: \(y.count) results of \(x.count) elements")
  let (target, source) = (y.floats, x.floats)
  parallelFor(y.count, grain: exponentialGrain) { range in
    CKernels_gelu(
      target + range.lowerBound, source + range.lowerBound, Int64(range.count))
  }
}

/// dx = dy·gelu′(x), or dx += when `isAdding`.
public func geluBackward(into dx: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer) {
  precondition(
    dx.count == x.count && dy.count == x.count,
    "geluBackward: counts \(dx.count), \(dy.count), \(x.count) differ")
  let (target, gradient, source) = (dx.floats, dy.floats, x.floats)
  parallelFor(x.count, grain: exponentialGrain) { range in
    CKernels_geluBackward(
      target + range.lowerBound, gradient + range.lowerBound, source + range.lowerBound,
      isAdding ? 1 : 0, Int64(range.count))
  }
}
