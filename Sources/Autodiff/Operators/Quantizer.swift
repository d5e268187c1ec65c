import Kernels
public import Tensors

/// Rows scaled to unit length.
///
///     y = x / max(|x|, epsilon)        over the last axis
///
/// Input and output: `[..., width]`.
///
/// - Parameters:
///   - x: The rows.
///   - epsilon: The smallest divisor.
/// - Returns: The unit rows.
public func normalizeRows(_ x: Variable, guard epsilon: Float = 1e-12) -> Variable {
  let width = x.value.lastDimension
  precondition(
    width > 0 && epsilon > 0, "normalizeRows: shape \(x.shape), guard \(epsilon)")
  let y = Tensor(uninitialized: x.shape)
  normalizeRows(into: y.buffer, x.value.buffer, width: width, guard: epsilon)
  let (xAdjoint, saved) = (x.adjoint, x.value)
  return x.tape.record(y, from: [x]) { dy in
    xAdjoint?.accumulate(shape: saved.shape) { dx, isAdding in
      normalizeRowsBackward(
        into: dx, isAdding: isAdding, dy.buffer, saved.buffer, width: width, guard: epsilon)
    }
  }
}

/// The nearest code of each row: the largest inner product, the first one on ties.
///
/// - Parameters:
///   - z: Unit rows, `[M, width]`.
///   - codes: Unit codes, `[K, width]`.
/// - Returns: Numbers of the codes, int32 `[M]`.
public func nearestCodes(_ z: Tensor, codes: Tensor) -> Tensor {
  precondition(
    z.dimensionCount == 2 && codes.dimensionCount == 2 && z.shape[1] == codes.shape[1]
      && codes.count > 0,
    "nearestCodes: rows of shape \(z.shape), codes of shape \(codes.shape)")
  let index = Tensor(uninitialized: [z.shape[0]], .int32)
  nearestCodes(into: index.buffer, z.buffer, codes: codes.buffer, width: z.shape[1])
  return index
}

/// The entropy loss of the soft assignment of rows to codes.
///
///     p_i  = softmax over k of -(2 - 2 z_i·c_k) / temperature
///     loss = mean over i of H(p_i) - H(mean of p_i)
///
/// H is in natural logarithms; 1e-9 is added inside the logarithm of the mean's entropy.
/// Low entropy of each row makes assignments definite, high entropy of the mean uses all codes.
/// Source: Docs/Method.md, section 4.
///
/// - Parameters:
///   - z: Unit rows, `[M, width]`.
///   - codes: Unit codes, `[K, width]`.
///   - temperature: Temperature of the assignment, positive.
/// - Returns: The loss, a single number.
public func assignmentEntropy(_ z: Variable, codes: Variable, temperature: Float) -> Variable {
  precondition(
    z.value.dimensionCount == 2 && codes.value.dimensionCount == 2
      && z.shape[1] == codes.shape[1] && z.value.count > 0 && codes.value.count > 0
      && temperature > 0,
    "assignmentEntropy: rows of shape \(z.shape), codes of shape \(codes.shape), temperature \(temperature)"
  )
  // The constant -2 / temperature drops out of the softmax.
  let entropy = AssignmentEntropy(
    z.value.buffer, codes: codes.value.buffer, width: z.shape[1], scale: 2 / temperature)
  let (zAdjoint, codesAdjoint) = (z.adjoint, codes.adjoint)
  let (zShape, codesShape) = (z.shape, codes.shape)
  let loss = Tensor([Float(entropy.value)], shape: [])
  return z.tape.record(loss, from: [z, codes]) { dloss in
    let dz = Tensor(uninitialized: zShape)
    let dcodes = entropy.backward(into: dz.buffer, factor: dloss.scalar)
    zAdjoint?.accumulate(dz)
    codesAdjoint?.accumulate(shape: codesShape) { buffer, isAdding in
      dcodes.write(into: buffer, isAdding: isAdding)
    }
  }
}

/// The quantized rows, whose gradient passes to what was quantized unchanged.
///
/// - Parameters:
///   - quantized: The value; gets no gradient.
///   - z: What `quantized` was found for, of the same shape.
/// - Returns: The value of `quantized` with the gradient of `z`.
public func straightThrough(_ quantized: Variable, _ z: Variable) -> Variable {
  precondition(
    quantized.shape == z.shape, "straightThrough: shapes \(quantized.shape) and \(z.shape) differ")
  let zAdjoint = z.adjoint
  return z.tape.record(quantized.value, from: [z]) { zAdjoint?.accumulate($0) }
}
