public import Kernels
import Tensors

/// What follows a normalisation in the same pass.
public enum Activation: Sendable, Hashable, CaseIterable {
  /// Nothing.
  case identity
  /// x·σ(x).
  case silu
}

/// Group normalisation followed by an activation, in one operation.
///
///     y = activation((x − mean) / sqrt(variance + epsilon) · weight + bias)
///
/// Mean and variance are those of a sample's group of channels over all pixels. Only the input and
/// the statistics are saved; the pullback computes the activation again, and those of later operations
/// compute a large result again instead of keeping it.
/// Source: Wu & He 2018, section 3.
///
/// - Parameters:
///   - x: Images, `[batch, height, width, channelCount]`.
///   - weight: Gain, `[channelCount]`.
///   - bias: Bias, `[channelCount]`.
///   - groupCount: Number of groups; it divides the channels.
///   - epsilon: Added to the variance.
///   - activation: Applied to the normalised values.
///   - resultType: The result's type, and its gradient's: the tape's operand type when only
///     operations that round it to that type anyway read it, so that rounding needs no pass.
/// - Returns: Shaped like `x`.
public func groupNorm(
  _ x: Variable, weight: Variable, bias: Variable, groupCount: Int, epsilon: Float,
  activation: Activation, resultType: ElementType = .float32
) -> Variable {
  let normalization = GroupNormalization(
    shape: imageShape(x, "groupNorm"), groupCount: groupCount, epsilon: epsilon,
    appliesSiLU: activation == .silu)
  require(weight.shape, matches: [x.shape[3]], "groupNorm, weight")
  require(bias.shape, matches: [x.shape[3]], "groupNorm, bias")
  let y = Tensor(uninitialized: x.shape, resultType)
  let (savedX, savedWeight, savedBias) = (x.value, weight.value, bias.value)
  let statistics = normalization.forward(
    into: y.buffer, savedX.buffer, weight: savedWeight.buffer, bias: savedBias.buffer)
  let (xAdjoint, weightAdjoint, biasAdjoint) = (x.adjoint, weight.adjoint, bias.adjoint)
  return x.tape.record(y, from: [x, weight, bias], gradientType: resultType) { dy in
    accumulateOrDiscard(xAdjoint, shape: savedX.shape) { dx, isAddingX in
      accumulatePair(weightAdjoint, biasAdjoint, shape: savedWeight.shape) {
        dWeight, dBias, isAdding in
        normalization.backward(
          dx: xAdjoint == nil ? nil : (dx, isAddingX), dWeight: (dWeight, isAdding.0),
          dBias: (dBias, isAdding.1), dy.buffer, savedX.buffer, weight: savedWeight.buffer,
          bias: savedBias.buffer, statistics: statistics)
      }
    }
  }.rebuilt {
    let y = Tensor(uninitialized: savedX.shape, resultType)
    normalization.apply(
      into: y.buffer, savedX.buffer, weight: savedWeight.buffer, bias: savedBias.buffer,
      statistics: statistics)
    return y
  }
}

/// The sizes of a batch of channels-last images.
func imageShape(_ x: Variable, _ operation: String) -> ImageShape {
  precondition(
    x.value.dimensionCount == 4,
    "\(operation): x of shape \(x.shape) is not [batch, height, width, channels]")
  return ImageShape(
    batchSize: x.shape[0], height: x.shape[1], width: x.shape[2], channelCount: x.shape[3])
}
