import CKernels

// Operands and results are float32 or bfloat16; what is computed in between is float32. Where all are
// bfloat16 a kernel reads and writes them in place, otherwise they go through scratch memory.

/// y = x·Φ(x), the exact GELU.
public func gelu(into y: Buffer, _ x: Buffer) {
  map(
    writing: [y], reading: [x], "gelu",
    floats: { CKernels_gelu($0[0], $0[1], $1) },
    bfloat16s: { CKernels_geluOfBFloat16($0[0], $0[1], $1) })
}

/// dx = dy·(Φ(x) + x·φ(x)); `dx` may be `dy`.
public func geluGradient(into dx: Buffer, _ dy: Buffer, _ x: Buffer) {
  map(
    writing: [dx], reading: [dy, x], "geluGradient",
    floats: { CKernels_geluGradient($0[0], $0[1], $0[2], $1) },
    bfloat16s: { CKernels_geluGradientOfBFloat16($0[0], $0[1], $0[2], $1) })
}

/// y = x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, GELU's tanh form.
public func geluTanh(into y: Buffer, _ x: Buffer) {
  map(
    writing: [y], reading: [x], "geluTanh",
    floats: { CKernels_geluTanh($0[0], $0[1], $1) },
    bfloat16s: { CKernels_geluTanhOfBFloat16($0[0], $0[1], $1) })
}

/// The gradient of `geluTanh`; `dx` may be `dy`.
public func geluTanhGradient(into dx: Buffer, _ dy: Buffer, _ x: Buffer) {
  map(
    writing: [dx], reading: [dy, x], "geluTanhGradient",
    floats: { CKernels_geluTanhGradient($0[0], $0[1], $0[2], $1) },
    bfloat16s: { CKernels_geluTanhGradientOfBFloat16($0[0], $0[1], $0[2], $1) })
}

/// y = tanh(x).
public func tanh(into y: Buffer, _ x: Buffer) {
  map(
    writing: [y], reading: [x], "tanh",
    floats: { CKernels_tanh($0[0], $0[1], $1) },
    bfloat16s: { CKernels_tanhOfBFloat16($0[0], $0[1], $1) })
}

/// dx = dy·(1 − y²) for the result `y` of `tanh`; `dx` may be `dy`.
public func tanhGradient(into dx: Buffer, _ dy: Buffer, _ y: Buffer) {
  map(
    writing: [dx], reading: [dy, y], "tanhGradient",
    floats: { CKernels_tanhGradient($0[0], $0[1], $0[2], $1) },
    bfloat16s: { CKernels_tanhGradientOfBFloat16($0[0], $0[1], $0[2], $1) })
}

/// y = max(x, 0); what is no number stays so.
public func relu(into y: Buffer, _ x: Buffer) {
  map(
    writing: [y], reading: [x], "relu",
    floats: { CKernels_relu($0[0], $0[1], $1) },
    bfloat16s: { CKernels_reluOfBFloat16($0[0], $0[1], $1) })
}

/// y = x, or slope·x where x is negative.
public func leakyReLU(into y: Buffer, _ x: Buffer, slope: Float) {
  map(
    writing: [y], reading: [x], "leakyReLU",
    floats: { CKernels_leakyReLU($0[0], $0[1], slope, $1) },
    bfloat16s: { CKernels_leakyReLUOfBFloat16($0[0], $0[1], slope, $1) })
}

/// dx = dy, or slope·dy where the result `y` of `leakyReLU` is not positive; `dx` may be `dy`.
///
/// The gradient of `relu` with a slope of 0.
public func leakyReLUGradient(into dx: Buffer, _ dy: Buffer, _ y: Buffer, slope: Float) {
  map(
    writing: [dx], reading: [dy, y], "leakyReLUGradient",
    floats: { CKernels_leakyReLUGradient($0[0], $0[1], $0[2], slope, $1) },
    bfloat16s: { CKernels_leakyReLUGradientOfBFloat16($0[0], $0[1], $0[2], slope, $1) })
}

/// y = x / (1 + e^−x).
public func silu(into y: Buffer, _ x: Buffer) {
  map(
    writing: [y], reading: [x], "silu",
    floats: { CKernels_silu($0[0], $0[1], $1) },
    bfloat16s: { CKernels_siluOfBFloat16($0[0], $0[1], $1) })
}

/// The gradient of `silu`; `dx` may be `dy`.
public func siluGradient(into dx: Buffer, _ dy: Buffer, _ x: Buffer) {
  map(
    writing: [dx], reading: [dy, x], "siluGradient",
    floats: { CKernels_siluGradient($0[0], $0[1], $0[2], $1) },
    bfloat16s: { CKernels_siluGradientOfBFloat16($0[0], $0[1], $0[2], $1) })
}

/// y = silu(gate)·value, the core of SwiGLU.
public func siluProduct(into y: Buffer, gate: Buffer, value: Buffer) {
  map(
    writing: [y], reading: [gate, value], "siluProduct",
    floats: { CKernels_siluProduct($0[0], $0[1], $0[2], $1) },
    bfloat16s: { CKernels_siluProductOfBFloat16($0[0], $0[1], $0[2], $1) })
}

/// The gradients of `siluProduct` for the gradient `dy` of its result.
public func siluProductGradient(
  gate dgate: Buffer, value dvalue: Buffer, _ dy: Buffer, gate: Buffer, value: Buffer
) {
  map(
    writing: [dgate, dvalue], reading: [dy, gate, value], "siluProductGradient",
    floats: { CKernels_siluProductGradient($0[0], $0[1], $0[2], $0[3], $0[4], $1) },
    bfloat16s: { CKernels_siluProductGradientOfBFloat16($0[0], $0[1], $0[2], $0[3], $0[4], $1) })
}

/// Calls the kernel for the buffers' type with pieces of them, on all threads.
///
/// - Parameters:
///   - written: Buffers that the kernel writes.
///   - read: Buffers that it reads, as many elements each as those.
///   - name: What is computed, for messages.
///   - floats: Given where the pieces begin, those that are written first, and their count.
///   - bfloat16s: The same of bfloat16 numbers.
private func map(
  writing written: [Buffer], reading read: [Buffer], _ name: String,
  floats: ([UnsafeMutablePointer<Float>], Int64) -> Void,
  bfloat16s: ([UnsafeMutablePointer<UInt16>], Int64) -> Void
) {
  let (buffers, count) = (written + read, written[0].count)
  precondition(
    buffers.allSatisfy { $0.count == count }, "\(name): counts \(buffers.map(\.count)) differ")
  guard buffers.allSatisfy({ $0.elementType == .bfloat16 }) else {
    return forEachStripe(
      of: count, rowSize: 1, grain: elementGrain, writing: written, reading: read
    ) { floats($1, Int64($0.count)) }
  }
  let starts = buffers.map(\.bfloat16s)
  parallelFor(count, grain: elementGrain) { range in
    bfloat16s(starts.map { $0 + range.lowerBound }, Int64(range.count))
  }
}
