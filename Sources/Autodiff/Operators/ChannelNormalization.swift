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

/// (x − mean) / standard deviation for each channel, with a gradient.
///
/// - Parameters:
///   - x: `[..., means.count]`.
///   - means: Mean of each channel.
///   - standardDeviations: Standard deviation of each channel; none is 0.
/// - Returns: Shaped like `x`.
public func normalizeChannels(_ x: Variable, means: [Float], standardDeviations: [Float])
  -> Variable
{
  let y = normalizeChannels(x.value, means: means, standardDeviations: standardDeviations)
  let factors = Tensor(standardDeviations.map { 1 / $0 }, shape: [standardDeviations.count])
  let (adjoint, shape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { dy in
    adjoint?.accumulate(shape: shape) { dx, isAdding in
      scaleChannels(into: dx, isAdding: isAdding, dy.buffer, by: factors.buffer)
    }
  }
}
