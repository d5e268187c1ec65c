public import Kernels
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
///   - resultType: The result's type, and its gradient's: the tape's operand type when only
///     operations that round it to that type anyway read it, so that rounding needs no pass.
/// - Returns: `[..., channels]`; later pullbacks compute a large one again instead of keeping it.
public func layerNorm(
  _ x: Variable, weight: Variable, bias: Variable, epsilon: Float,
  resultType: ElementType = .float32
) -> Variable {
  require(weight.shape, matches: [x.value.lastDimension], "layerNorm weight")
  require(bias.shape, matches: [x.value.lastDimension], "layerNorm bias")
  let (saved, gain, offset) = (x.value, weight.value, bias.value)
  let statistics = Tensor(uninitialized: [saved.rowCount, 2])
  let normalize = {
    let y = Tensor(uninitialized: saved.shape, resultType)
    layerNorm(
      into: y.buffer, statistics: statistics.buffer, saved.buffer, weight: gain.buffer,
      bias: offset.buffer, epsilon: epsilon)
    return y
  }
  let (adjoint, gainAdjoint, biasAdjoint) = (x.adjoint, weight.adjoint, bias.adjoint)
  return x.tape.record(normalize(), from: [x, weight, bias], gradientType: resultType) { dy in
    let dx = Tensor(uninitialized: saved.shape)
    accumulatePair(gainAdjoint, biasAdjoint, shape: gain.shape) { dweight, dbias, isAdding in
      layerNormGradient(
        into: dx.buffer, weight: dweight, bias: dbias, isAdding: isAdding, dy.buffer,
        saved.buffer, statistics: statistics.buffer, weight: gain.buffer)
    }
    adjoint?.accumulate(dx)
  }.rebuilt(by: normalize)
}

/// Root-mean-square normalisation over the last axis.
///
///     y = x / √(mean(x²) + ε) · weight
///
/// - Parameters:
///   - x: `[..., channels]`.
///   - weight: Gain, `[channels]`.
///   - epsilon: Added to the mean square.
///   - resultType: The result's type, as of other operations; its gradient is float32, since in
///     SwiGLU two maps read the result.
/// - Returns: `[..., channels]`; later pullbacks compute a large one again instead of keeping it.
public func rmsNorm(
  _ x: Variable, weight: Variable, epsilon: Float, resultType: ElementType = .float32
) -> Variable {
  require(weight.shape, matches: [x.value.lastDimension], "rmsNorm weight")
  let (saved, gain) = (x.value, weight.value)
  let statistics = Tensor(uninitialized: [saved.rowCount])
  let normalize = {
    let y = Tensor(uninitialized: saved.shape, resultType)
    rmsNorm(
      into: y.buffer, statistics: statistics.buffer, saved.buffer, weight: gain.buffer,
      epsilon: epsilon)
    return y
  }
  let (adjoint, gainAdjoint) = (x.adjoint, weight.adjoint)
  return x.tape.record(normalize(), from: [x, weight]) { dy in
    let dx = Tensor(uninitialized: saved.shape)
    accumulateOrDiscard(gainAdjoint, shape: gain.shape) { dweight, isAdding in
      rmsNormGradient(
        into: dx.buffer, weight: dweight, isAdding: isAdding, dy.buffer, saved.buffer,
        statistics: statistics.buffer, weight: gain.buffer)
    }
    adjoint?.accumulate(dx)
  }.rebuilt(by: normalize)
}
