import Kernels
import Tensors

/// Layer normalisation over the last axis.
///
///     y = (x − mean(x)) / √(variance(x) + ε) · weight + bias
///
/// - Parameters:
///   - x: `[..., channels]`.
///   - weight: Gain, `[channels]`.
///   - bias: Bias, `[channels]`.
///   - epsilon: Added to the variance.
/// - Returns: `[..., channels]`.
public func layerNorm(_ x: Variable, weight: Variable, bias: Variable, epsilon: Float) -> Variable {
  require(weight.shape, matches: [x.value.lastDimension], "layerNorm weight")
  require(bias.shape, matches: [x.value.lastDimension], "layerNorm bias")
  let (saved, gain) = (x.value, weight.value)
  let y = Tensor(uninitialized: x.shape)
  let statistics = Tensor(uninitialized: [saved.rowCount, 2])
  layerNorm(
    into: y.buffer, statistics: statistics.buffer, saved.buffer, weight: gain.buffer,
    bias: bias.value.buffer, epsilon: epsilon)
  let (adjoint, gainAdjoint, biasAdjoint) = (x.adjoint, weight.adjoint, bias.adjoint)
  return x.tape.record(y, from: [x, weight, bias]) { dy in
    let dx = Tensor(uninitialized: saved.shape)
    accumulatePair(gainAdjoint, biasAdjoint, shape: gain.shape) { dweight, dbias, isAdding in
      layerNormGradient(
        into: dx.buffer, weight: dweight, bias: dbias, isAdding: isAdding, dy.buffer,
        saved.buffer, statistics: statistics.buffer, weight: gain.buffer)
    }
    adjoint?.accumulate(dx)
  }
}

/// Root-mean-square normalisation over the last axis.
///
///     y = x / √(mean(x²) + ε) · weight
///
/// - Parameters:
///   - x: `[..., channels]`.
///   - weight: Gain, `[channels]`.
///   - epsilon: Added to the mean square.
/// - Returns: `[..., channels]`.
public func rmsNorm(_ x: Variable, weight: Variable, epsilon: Float) -> Variable {
  require(weight.shape, matches: [x.value.lastDimension], "rmsNorm weight")
  let (saved, gain) = (x.value, weight.value)
  let y = Tensor(uninitialized: x.shape)
  let statistics = Tensor(uninitialized: [saved.rowCount])
  rmsNorm(
    into: y.buffer, statistics: statistics.buffer, saved.buffer, weight: gain.buffer,
    epsilon: epsilon)
  let (adjoint, gainAdjoint) = (x.adjoint, weight.adjoint)
  return x.tape.record(y, from: [x, weight]) { dy in
    let dx = Tensor(uninitialized: saved.shape)
    accumulateOrDiscard(gainAdjoint, shape: gain.shape) { dweight, isAdding in
      rmsNormGradient(
        into: dx.buffer, weight: dweight, isAdding: isAdding, dy.buffer, saved.buffer,
        statistics: statistics.buffer, weight: gain.buffer)
    }
    adjoint?.accumulate(dx)
  }
}
