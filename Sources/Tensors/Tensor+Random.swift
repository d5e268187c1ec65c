import Kernels

extension Tensor {
  /// Fills the tensor with numbers uniform in `low ..< high`; element i is position i of the key's
  /// stream.
  public func fillUniform(low: Float, high: Float, key: RandomKey) {
    Kernels.fillUniform(buffer, low: low, high: high, stream: key.stream)
  }

  /// Fills the tensor with normal numbers of mean 0.
  public func fillNormal(standardDeviation: Float, key: RandomKey) {
    Kernels.fillNormal(buffer, standardDeviation: standardDeviation, stream: key.stream)
  }

  /// Fills the tensor with a random direction: normal numbers divided by their Euclidean norm.
  public func fillUnitVector(key: RandomKey) {
    fillNormal(standardDeviation: 1, key: key)
    let norm = squaredNorm(of: buffer).squareRoot()
    scaleElements(into: buffer, isAdding: false, buffer, by: Float(1 / norm))
  }

  /// Fills the tensor with normal numbers of mean 0, redrawn outside ±`bound`.
  ///
  /// The bound is absolute, not in standardDeviations: the meaning of PyTorch's `trunc_normal_`.
  public func fillTruncatedNormal(standardDeviation: Float, bound: Float = 2, key: RandomKey) {
    Kernels.fillTruncatedNormal(
      buffer, standardDeviation: standardDeviation, bound: bound, stream: key.stream)
  }

  /// A tensor of numbers uniform in `low ..< high`.
  public static func uniform(_ shape: [Int], low: Float = 0, high: Float = 1, key: RandomKey)
    -> Tensor
  {
    let tensor = Tensor(uninitialized: shape)
    tensor.fillUniform(low: low, high: high, key: key)
    return tensor
  }

  /// A tensor of normal numbers of mean 0.
  public static func normal(_ shape: [Int], standardDeviation: Float = 1, key: RandomKey) -> Tensor
  {
    let tensor = Tensor(uninitialized: shape)
    tensor.fillNormal(standardDeviation: standardDeviation, key: key)
    return tensor
  }

  /// A tensor of normal numbers of mean 0, redrawn outside ±`bound` (absolute).
  public static func truncatedNormal(
    _ shape: [Int], standardDeviation: Float, bound: Float = 2, key: RandomKey
  ) -> Tensor {
    let tensor = Tensor(uninitialized: shape)
    tensor.fillTruncatedNormal(standardDeviation: standardDeviation, bound: bound, key: key)
    return tensor
  }
}
