import Kernels
import Tensors

/// x + y of one shape.
public func add(_ x: Variable, _ y: Variable) -> Variable {
  require(y.shape, matches: x.shape, "add")
  let sum = Tensor(uninitialized: x.shape)
  addElements(into: sum.buffer, x.value.buffer, y.value.buffer)
  let (xAdjoint, yAdjoint) = (x.adjoint, y.adjoint)
  return x.tape.record(sum, from: [x, y]) { dsum in
    xAdjoint?.accumulate(dsum)
    yAdjoint?.accumulate(dsum)
  }
}

/// x − y of one shape.
public func subtract(_ x: Variable, _ y: Variable) -> Variable {
  require(y.shape, matches: x.shape, "subtract")
  let difference = Tensor(uninitialized: x.shape)
  subtractElements(into: difference.buffer, x.value.buffer, y.value.buffer)
  let (xAdjoint, yAdjoint) = (x.adjoint, y.adjoint)
  return x.tape.record(difference, from: [x, y]) { ddifference in
    xAdjoint?.accumulate(ddifference)
    yAdjoint?.accumulate(shape: ddifference.shape) { dy, isAdding in
      scaleElements(into: dy, isAdding: isAdding, ddifference.buffer, by: -1)
    }
  }
}

/// factor·x, with a constant factor.
public func scale(_ x: Variable, by factor: Float) -> Variable {
  let y = Tensor(uninitialized: x.shape)
  scaleElements(into: y.buffer, isAdding: false, x.value.buffer, by: factor)
  let adjoint = x.adjoint
  return x.tape.record(y, from: [x]) { dy in
    adjoint?.accumulate(shape: dy.shape) { dx, isAdding in
      scaleElements(into: dx, isAdding: isAdding, dy.buffer, by: factor)
    }
  }
}

/// A residual connection with LayerScale: x + γ·y, with one γ a channel.
///
/// Source: Touvron et al. 2021 (CaiT), section 2.
///
/// - Parameters:
///   - x: `[..., channelCount]`.
///   - y: What the block computed, shaped like `x`; it may have the tape's operand type.
///   - gamma: `[channelCount]`.
/// - Returns: Shaped like `x`.
public func residual(_ x: Variable, _ y: Variable, scale gamma: Variable) -> Variable {
  require(y.shape, matches: x.shape, "residual, y")
  require(gamma.shape, matches: [x.value.lastDimension], "residual, scale")
  let sum = Tensor(uninitialized: x.shape)
  let (branch, factor) = (y.value, gamma.value)
  addScaledRows(
    into: sum.buffer, x.value.buffer, branch.buffer, scale: factor.buffer)
  let (xAdjoint, yAdjoint, gammaAdjoint) = (x.adjoint, y.adjoint, gamma.adjoint)
  return x.tape.record(sum, from: [x, y, gamma]) { dsum in
    xAdjoint?.accumulate(dsum)
    yAdjoint?.accumulate(shape: branch.shape) { dy, isAdding in
      scaleChannels(into: dy, isAdding: isAdding, dsum.buffer, by: factor.buffer)
    }
    gammaAdjoint?.accumulate(shape: factor.shape) { dGamma, isAdding in
      sumRowProducts(into: dGamma, isAdding: isAdding, dsum.buffer, branch.buffer)
    }
  }
}
