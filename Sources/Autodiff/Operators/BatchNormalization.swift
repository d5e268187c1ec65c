import Kernels
import Tensors

/// Batch normalisation with the statistics of runs of consecutive samples.
///
///     y = (x − mean) / sqrt(variance + epsilon) · weight + bias
///
/// Mean and biased variance are those of a channel over the samples and positions of a group. Nothing
/// is remembered of earlier batches. A run of samples with one channel to a group is to group
/// normalisation what an image is, so that the kernels are the same.
/// Source: Ioffe & Szegedy 2015, algorithm 1; Hoffer et al. 2017, section 4 (groups: ghost batches).
///
/// - Parameters:
///   - x: `[batch, ..., channelCount]`, any number of axes of positions.
///   - weight: Gain, `[channelCount]`.
///   - bias: Bias, `[channelCount]`.
///   - groupCount: Number of groups; it divides the batch.
///   - epsilon: Added to the variance.
/// - Returns: Shaped like `x`.
public func batchNorm(
  _ x: Variable, weight: Variable, bias: Variable, groupCount: Int, epsilon: Float
) -> Variable {
  precondition(
    x.value.dimensionCount >= 2 && x.value.count > 0 && groupCount > 0
      && x.shape[0] % groupCount == 0,
    "batchNorm: \(groupCount) groups of the samples of shape \(x.shape)")
  let channelCount = x.value.lastDimension
  let groups = reshape(
    x, to: [groupCount, x.value.rowCount / groupCount, 1, channelCount])
  let y = groupNorm(
    groups, weight: weight, bias: bias, groupCount: channelCount, epsilon: epsilon,
    activation: .identity)
  return reshape(y, to: x.shape)
}
