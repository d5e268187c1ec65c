import CKernels

// Operands and results are float32 or bfloat16; what is computed in between is float32. Where all are
// bfloat16 a kernel reads and writes them in place, otherwise they go through scratch memory.

/// y = x·Φ(x), the exact GELU.
public func gelu(into y: Buffer, _ x: Buffer) {
  map(y, x, "gelu", CKernels_gelu, halves: CKernels_geluOfHalves)
}

/// dx = dy·(Φ(x) + x·φ(x)); `dx` may be `dy`.
public func geluGradient(into dx: Buffer, _ dy: Buffer, _ x: Buffer) {
  map(dx, dy, x, "geluGradient", CKernels_geluGradient, halves: CKernels_geluGradientOfHalves)
}

/// y = x / (1 + e^−x).
public func silu(into y: Buffer, _ x: Buffer) {
  map(y, x, "silu", CKernels_silu, halves: CKernels_siluOfHalves)
}

/// The gradient of `silu`; `dx` may be `dy`.
public func siluGradient(into dx: Buffer, _ dy: Buffer, _ x: Buffer) {
  map(dx, dy, x, "siluGradient", CKernels_siluGradient, halves: CKernels_siluGradientOfHalves)
}

/// y = silu(gate)·value, the core of SwiGLU.
public func siluProduct(into y: Buffer, gate: Buffer, value: Buffer) {
  map(
    y, gate, value, "siluProduct", CKernels_siluProduct, halves: CKernels_siluProductOfHalves)
}

/// The gradients of `siluProduct` for the gradient `dy` of its result.
public func siluProductGradient(
  gate dgate: Buffer, value dvalue: Buffer, _ dy: Buffer, gate: Buffer, value: Buffer
) {
  map(
    writing: [dgate, dvalue], reading: [dy, gate, value], "siluProductGradient",
    floats: { CKernels_siluProductGradient($0[0], $0[1], $0[2], $0[3], $0[4], $1) },
    halves: { CKernels_siluProductGradientOfHalves($0[0], $0[1], $0[2], $0[3], $0[4], $1) })
}

/// A kernel of one operand, for numbers of a type.
private typealias Unary<Number> = (
  UnsafeMutablePointer<Number>, UnsafePointer<Number>, Int64
) -> Void

/// A kernel of two operands, for numbers of a type.
private typealias Binary<Number> = (
  UnsafeMutablePointer<Number>, UnsafePointer<Number>, UnsafePointer<Number>, Int64
) -> Void

private func map(
  _ y: Buffer, _ x: Buffer, _ name: String, _ floats: Unary<Float>, halves: Unary<UInt16>
) {
  map(writing: [y], reading: [x], name) {
    floats($0[0], $0[1], $1)
  } halves: {
    halves($0[0], $0[1], $1)
  }
}

private func map(
  _ y: Buffer, _ a: Buffer, _ b: Buffer, _ name: String, _ floats: Binary<Float>,
  halves: Binary<UInt16>
) {
  map(writing: [y], reading: [a, b], name) {
    floats($0[0], $0[1], $0[2], $1)
  } halves: {
    halves($0[0], $0[1], $0[2], $1)
  }
}

/// Calls a kernel with pieces of buffers of equal size: where they begin, those that are written first, and
/// their count.
private func map(
  writing written: [Buffer], reading read: [Buffer], _ name: String,
  floats: ([UnsafeMutablePointer<Float>], Int64) -> Void,
  halves: ([UnsafeMutablePointer<UInt16>], Int64) -> Void
) {
  let (buffers, count) = (written + read, written[0].count)
  precondition(
    buffers.allSatisfy { $0.count == count }, "\(name): counts \(buffers.map(\.count)) differ")
  guard buffers.allSatisfy({ $0.elementType == .bfloat16 }) else {
    return forEachStripe(
      of: count, rowSize: 1, grain: elementGrain, writing: written, reading: read
    ) { floats($1, Int64($0.count)) }
  }
  let starts = buffers.map(\.halves)
  parallelFor(count, grain: elementGrain) { range in
    halves(starts.map { $0 + range.lowerBound }, Int64(range.count))
  }
}
