import CKernels

// Operands and results are float32 or bfloat16; what is computed in between is float32.

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
  forEachStripe(
    of: dy.count, rowSize: 1, grain: elementGrain, writing: [dgate, dvalue],
    reading: [dy, gate, value]
  ) { range, floats in
    CKernels_siluProductGradient(
      floats[0], floats[1], floats[2], floats[3], floats[4], Int64(range.count))
  }
}

private func map(
  _ y: Buffer, _ x: Buffer, _ name: String,
  _ kernel: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int64) -> Void
) {
  precondition(y.count == x.count, "\(name): counts \(y.count), \(x.count) differ")
  forEachStripe(of: y.count, rowSize: 1, grain: elementGrain, writing: [y], reading: [x]) {
    kernel($1[0], $1[1], Int64($0.count))
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
  forEachStripe(of: y.count, rowSize: 1, grain: elementGrain, writing: [y], reading: [a, b]) {
    kernel($1[0], $1[1], $1[2], Int64($0.count))
  }
}
