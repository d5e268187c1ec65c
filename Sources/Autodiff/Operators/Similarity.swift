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

/// The mean squared distance of the positions of each sample, with a weight for each channel.
///
///     d[b] = mean over positions of Σ over channels of weight·(x − y)²
///
/// The mean is taken in double precision. Source: Zhang et al. 2018 (LPIPS), equation 1.
///
/// - Parameters:
///   - x: `[batch, ..., channels]`.
///   - y: Shaped like `x`.
///   - weight: `[channels]`; a constant, no gradient is computed for it.
/// - Returns: `[batch]`.
public func weightedDistance(_ x: Variable, _ y: Variable, weight: Variable) -> Variable {
  require(y.shape, matches: x.shape, "weightedDistance")
  require(weight.shape, matches: [x.value.lastDimension], "weightedDistance, weight")
  precondition(
    x.value.dimensionCount > 1 && x.value.count > 0 && weight.adjoint == nil,
    "weightedDistance: shape \(x.shape), or the weight wants a gradient")
  let (shape, rowCount) = (x.shape, x.value.rowCount / x.shape[0])
  let distance = WeightedDistance(x.value.buffer, y.value.buffer, weight: weight.value.buffer)
  let distances = Tensor(uninitialized: [shape[0] * rowCount])
  distance.forward(into: distances.buffer)
  let numbers = distances.array(of: Float.self)
  let means = (0..<shape[0]).map { sample in
    let sum = numbers[sample * rowCount..<(sample + 1) * rowCount].reduce(0) { $0 + Double($1) }
    return Float(sum / Double(rowCount))
  }
  let (xAdjoint, yAdjoint) = (x.adjoint, y.adjoint)
  return x.tape.record(Tensor(means, shape: [shape[0]]), from: [x, y]) { dy in
    let factors = dy.array(of: Float.self).map { 2 * $0 / Float(rowCount) }
    for (adjoint, sign) in [(xAdjoint, Float(1)), (yAdjoint, -1)] {
      adjoint?.accumulate(shape: shape) { gradient, isAdding in
        for (sample, factor) in factors.enumerated() {
          distance.differences(
            into: gradient, isAdding: isAdding, rows: sample * rowCount..<(sample + 1) * rowCount,
            factor: sign * factor)
        }
      }
    }
  }
}
