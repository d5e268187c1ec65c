import Kernels
public import Tensors

/// (x − mean) / standard deviation for each channel of an image that no gradient is wanted for.
///
/// - Parameters:
///   - x: `[..., means.count]`.
///   - means: Mean of each channel.
///   - standardDeviations: Standard deviation of each channel.
/// - Returns: The normalised tensor, of the same shape.
public func normalizeChannels(_ x: Tensor, means: [Float], standardDeviations: [Float]) -> Tensor {
  precondition(
    x.lastDimension == means.count,
    "normalizeChannels: shape \(x.shape) with \(means.count) channels")
  let y = Tensor(uninitialized: x.shape)
  Kernels.normalizeChannels(
    into: y.buffer, x.buffer, means: means, standardDeviations: standardDeviations)
  return y
}
