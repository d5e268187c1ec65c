import CKernels

/// y = x·Φ(x), the exact GELU.
public func gelu(into y: Buffer, _ x: Buffer) { map(y, x, "gelu", CKernels_gelu) }

/// dx = dy·(Φ(x) + x·φ(x)); `dx` may be `dy`.
public func geluGradient(into dx: Buffer, _ dy: Buffer, _ x: Buffer) {
  map(dx, dy, x, "geluGradient", CKernels_geluGradient)
}

/// y = x / (1 + e^−x).
public func silu(into y: Buffer, _ x: Buffer) { map(y, x, "silu", CKernels_silu) }

/// The gradient of `silu`; `dx` may be `dy`.
public func siluGradient(into dx: Buffer, _ dy: Buffer, _ x: Buffer) {
  map(dx, dy, x, "siluGradient", CKernels_siluGradient)
}

/// y = silu(gate)·value, the core of SwiGLU.
public func siluProduct(into y: Buffer, gate: Buffer, value: Buffer) {
  map(y, gate, value, "siluProduct", CKernels_siluProduct)
}

/// The gradients of `siluProduct` for the gradient `dy` of its result.
public func siluProductGradient(
  gate dgate: Buffer, value dvalue: Buffer, _ dy: Buffer, gate: Buffer, value: Buffer
) {
  for buffer in [dgate, dvalue, gate, value] {
    precondition(
      buffer.count == dy.count, "siluProductGradient: counts \(buffer.count), \(dy.count) differ")
  }
  let (dg, dv, d, g, v) = (dgate.floats, dvalue.floats, dy.floats, gate.floats, value.floats)
  parallelFor(dy.count, grain: elementGrain) { range in
    let at = range.lowerBound
    CKernels_siluProductGradient(dg + at, dv + at, d + at, g + at, v + at, Int64(range.count))
  }
}

private func map(
  _ y: Buffer, _ x: Buffer, _ name: String,
  _ kernel: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int64) -> Void
) {
  precondition(y.count == x.count, "\(name): counts \(y.count), \(x.count) differ")
  let (target, source) = (y.floats, x.floats)
  parallelFor(y.count, grain: elementGrain) { range in
    kernel(target + range.lowerBound, source + range.lowerBound, Int64(range.count))
  }
}

private func map(
  _ y: Buffer, _ a: Buffer, _ b: Buffer, _ name: String,
  _ kernel: (
    UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int64
  ) -> Void
) {
  precondition(
    y.count == a.count && y.count == b.count,
    "\(name): counts \(y.count), \(a.count), \(b.count) differ")
  let (target, left, right) = (y.floats, a.floats, b.floats)
  parallelFor(y.count, grain: elementGrain) { range in
    let at = range.lowerBound
    kernel(target + at, left + at, right + at, Int64(range.count))
  }
}
