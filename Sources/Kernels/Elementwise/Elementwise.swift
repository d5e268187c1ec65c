import CKernels

/// Elements below which a pass over memory is not worth a second thread.
let elementGrain = 16_384

/// Sets every element to `value`.
public func fill(_ y: Buffer, with value: Float) {
  let target = y.floats
  parallelFor(y.count, grain: elementGrain) { range in
    (target + range.lowerBound).update(repeating: value, count: range.count)
  }
}

/// y ← y + x.
public func addInPlace(_ y: Buffer, _ x: Buffer) { addElements(into: y, y, x) }

/// y = a + b; `y` may be one of the two.
public func addElements(into y: Buffer, _ a: Buffer, _ b: Buffer) {
  precondition(
    y.count == a.count && y.count == b.count,
    "addElements: counts \(y.count), \(a.count), \(b.count) differ")
  let (target, left, right) = (y.floats, a.floats, b.floats)
  parallelFor(y.count, grain: elementGrain) { range in
    CKernels_add(
      target + range.lowerBound, left + range.lowerBound, right + range.lowerBound,
      Int64(range.count))
  }
}

/// y = a − b; `y` may be one of the two.
public func subtractElements(into y: Buffer, _ a: Buffer, _ b: Buffer) {
  precondition(
    y.count == a.count && y.count == b.count,
    "subtractElements: counts \(y.count), \(a.count), \(b.count) differ")
  let (target, left, right) = (y.floats, a.floats, b.floats)
  parallelFor(y.count, grain: elementGrain) { range in
    CKernels_subtract(
      target + range.lowerBound, left + range.lowerBound, right + range.lowerBound,
      Int64(range.count))
  }
}

/// y = factor·x, or y += when `isAdding`.
public func scaleElements(into y: Buffer, isAdding: Bool, _ x: Buffer, by factor: Float) {
  precondition(y.count == x.count, "scaleElements: counts \(y.count), \(x.count) differ")
  let (target, source) = (y.floats, x.floats)
  parallelFor(y.count, grain: elementGrain) { range in
    CKernels_scale(
      target + range.lowerBound, source + range.lowerBound, factor, isAdding ? 1 : 0,
      Int64(range.count))
  }
}
