import Kernels
import Tensors

/// The direction of each position's channels: y = x / (‖x‖ + ε), with the Euclidean norm.
///
/// Where all channels are 0 the norm has no derivative; the gradient there is 0.
/// Source: Zhang et al. 2018 (LPIPS), section 3; `lpips.normalize_tensor`.
///
/// - Parameters:
///   - x: `[..., channels]`.
///   - epsilon: Added to the norm; positive.
/// - Returns: Shaped like `x`.
public func l2Normalize(_ x: Variable, epsilon: Float) -> Variable {
  precondition(epsilon > 0, "l2Normalize: epsilon \(epsilon) is not positive")
  let saved = x.value
  let norms = Tensor(uninitialized: [saved.rowCount])
  rowNorms(into: norms.buffer, saved.buffer)
  let y = Tensor(uninitialized: saved.shape)
  l2Normalize(into: y.buffer, saved.buffer, norms: norms.buffer, epsilon: epsilon)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    adjoint?.accumulate(shape: saved.shape) { dx, isAdding in
      l2NormalizeGradient(
        into: dx, isAdding: isAdding, dy.buffer, saved.buffer, norms: norms.buffer,
        epsilon: epsilon)
    }
  }
}

/// The cosine of the angle between two positions' channels.
///
///     y = a·b / (max(‖a‖, ε)·max(‖b‖, ε))
///
/// - Parameters:
///   - a: `[..., channels]`.
///   - b: Shaped like `a`.
///   - epsilon: The least that a norm counts as; positive.
/// - Returns: `[...]`.
public func cosineSimilarity(_ a: Variable, _ b: Variable, epsilon: Float = 1e-8) -> Variable {
  require(b.shape, matches: a.shape, "cosineSimilarity")
  precondition(
    epsilon > 0 && a.value.dimensionCount > 0,
    "cosineSimilarity: shape \(a.shape), epsilon \(epsilon)")
  let (shape, rowCount) = (a.shape, a.value.rowCount)
  let similarity = CosineSimilarity(epsilon: epsilon)
  let left = CosineSimilarity.Operand(a.value.buffer, rowCount: rowCount)
  let right = CosineSimilarity.Operand(b.value.buffer, rowCount: rowCount)
  let y = Tensor(uninitialized: Array(shape.dropLast()))
  similarity.forward(into: y.buffer, left, right)
  let (aAdjoint, bAdjoint) = (a.adjoint, b.adjoint)
  return a.tape.record(y, from: [a, b]) { dy in
    aAdjoint?.accumulate(shape: shape) { da, isAdding in
      similarity.backward(
        into: da, isAdding: isAdding, dy.buffer, cosines: y.buffer, left, right)
    }
    bAdjoint?.accumulate(shape: shape) { db, isAdding in
      similarity.backward(
        into: db, isAdding: isAdding, dy.buffer, cosines: y.buffer, right, left)
    }
  }
}
