import Kernels
import Tensors

/// GELU with the exact normal distribution function: y = x·Φ(x).
///
/// Any shape. Source: Hendrycks & Gimpel 2016, section 2.
public func gelu(_ x: Variable) -> Variable {
  let saved = x.value
  let y = Tensor(uninitialized: x.shape)
  gelu(into: y.buffer, saved.buffer)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    let dx = Tensor(uninitialized: saved.shape)
    geluGradient(into: dx.buffer, dy.buffer, saved.buffer)
    adjoint?.accumulate(dx)
  }
}

/// GELU in its tanh form: y = x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2.
///
/// Any shape. Source: Hendrycks & Gimpel 2016, section 2.
public func geluTanh(_ x: Variable) -> Variable {
  let saved = x.value
  let y = Tensor(uninitialized: x.shape)
  geluTanh(into: y.buffer, saved.buffer)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    let dx = Tensor(uninitialized: saved.shape)
    geluTanhGradient(into: dx.buffer, dy.buffer, saved.buffer)
    adjoint?.accumulate(dx)
  }
}

/// The hyperbolic tangent, of any shape; its result is kept for the pullback, not its argument.
public func tanh(_ x: Variable) -> Variable {
  let y = Tensor(uninitialized: x.shape)
  tanh(into: y.buffer, x.value.buffer)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    let dx = Tensor(uninitialized: y.shape)
    tanhGradient(into: dx.buffer, dy.buffer, y.buffer)
    adjoint?.accumulate(dx)
  }
}

/// ReLU: y = max(x, 0); the gradient at 0 is 0.
///
/// Any shape. Its result, which a convolution after it keeps anyway, is kept for the pullback, not its
/// argument. Source: Nair & Hinton 2010.
public func relu(_ x: Variable) -> Variable {
  let y = Tensor(uninitialized: x.shape)
  relu(into: y.buffer, x.value.buffer)
  return rectified(y, from: x, slope: 0)
}

/// Leaky ReLU: y = x, or slope·x where x is negative; the gradient at 0 is the slope.
///
/// Source: Maas et al. 2013, section 2.
///
/// - Parameters:
///   - x: Any shape.
///   - slope: Not negative, so that the result, which is kept for the pullback, has its argument's sign.
/// - Returns: Shaped like `x`.
public func leakyReLU(_ x: Variable, slope: Float) -> Variable {
  precondition(slope >= 0, "leakyReLU: slope \(slope) is negative")
  let y = Tensor(uninitialized: x.shape)
  leakyReLU(into: y.buffer, x.value.buffer, slope: slope)
  return rectified(y, from: x, slope: slope)
}

private func rectified(_ y: Tensor, from x: Variable, slope: Float) -> Variable {
  x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    let dx = Tensor(uninitialized: y.shape)
    leakyReLUGradient(into: dx.buffer, dy.buffer, y.buffer, slope: slope)
    adjoint?.accumulate(dx)
  }
}

/// SiLU: y = x / (1 + e^−x).
///
/// Any shape. Source: Elfwing et al. 2017, section 2.
public func silu(_ x: Variable) -> Variable {
  let saved = x.value
  let y = Tensor(uninitialized: x.shape)
  silu(into: y.buffer, saved.buffer)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    let dx = Tensor(uninitialized: saved.shape)
    siluGradient(into: dx.buffer, dy.buffer, saved.buffer)
    adjoint?.accumulate(dx)
  }
}

/// The core of SwiGLU: y = silu(gate)·value.
///
/// Both operands and the result have one shape; the result has the tape's operand type. Later pullbacks
/// compute a large result again instead of keeping it.
/// Source: Shazeer 2020, equation 6.
public func siluProduct(_ gate: Variable, _ value: Variable) -> Variable {
  precondition(
    gate.shape == value.shape, "siluProduct: shapes \(gate.shape) and \(value.shape) differ")
  let (type, savedGate, savedValue) = (gate.tape.operandType, gate.operand, value.operand)
  let y = Tensor(uninitialized: gate.shape, type)
  siluProduct(into: y.buffer, gate: savedGate.buffer, value: savedValue.buffer)
  let (gateAdjoint, valueAdjoint) = (gate.adjoint, value.adjoint)
  return gate.tape.record(y, from: [gate, value], gradientType: type) { dy in
    let dgate = Tensor(uninitialized: savedGate.shape, gateAdjoint?.elementType ?? .float32)
    let dvalue = Tensor(uninitialized: savedGate.shape, valueAdjoint?.elementType ?? .float32)
    siluProductGradient(
      gate: dgate.buffer, value: dvalue.buffer, dy.buffer, gate: savedGate.buffer,
      value: savedValue.buffer)
    gateAdjoint?.accumulate(dgate)
    valueAdjoint?.accumulate(dvalue)
  }.rebuilt {
    let y = Tensor(uninitialized: savedGate.shape, type)
    siluProduct(into: y.buffer, gate: savedGate.buffer, value: savedValue.buffer)
    return y
  }
}
