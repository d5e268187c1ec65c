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
