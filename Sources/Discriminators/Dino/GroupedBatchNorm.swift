import Autodiff

/// Batch normalisation over groups of a few consecutive samples of a lane.
///
/// The statistics are always the batch's own. Input and output `[batch, length, channelCount]`.
/// Source: Sauer et al. 2023 (StyleGAN-T), section 3.2, with virtual batches of 8.
struct GroupedBatchNorm {
  /// Gain, `[channelCount]`, initially one.
  let weight: Parameter
  /// Bias, `[channelCount]`, initially zero.
  let bias: Parameter
  private let grouping: SampleGrouping
  private let epsilon: Float

  /// Creates `weight` and `bias` in a scope.
  init(
    channelCount: Int, grouping: SampleGrouping, epsilon: Float, in scope: ParameterScope
  ) {
    weight = scope.parameter("weight", [channelCount], .constant(1))
    bias = scope.parameter("bias", [channelCount], .constant(0))
    self.grouping = grouping
    self.epsilon = epsilon
  }

  /// Normalises `x`, `[batch, length, channelCount]`.
  ///
  /// - Precondition: The batch can be grouped.
  func callAsFunction(_ x: Variable) -> Variable {
    guard let groupCount = grouping.groupCount(sampleCount: x.shape[0]) else {
      preconditionFailure(
        "GroupedBatchNorm: \(x.shape[0]) samples in groups of at most \(grouping.largestSize)")
    }
    return batchNorm(
      x, weight: x.tape[weight], bias: x.tape[bias], groupCount: groupCount, epsilon: epsilon)
  }
}

/// How the samples of a lane are grouped for batch statistics: into as few equal runs of consecutive
/// samples as a largest size allows.
public struct SampleGrouping: Sendable, Equatable {
  /// The most samples of a group.
  public var largestSize: Int

  /// Groups of at most `largestSize` samples.
  public init(largestSize: Int = 8) { self.largestSize = largestSize }

  /// The number of groups: ⌈samples / largest size⌉.
  ///
  /// - Parameter sampleCount: The samples of a lane.
  /// - Returns: The number; nil where it does not divide the samples, as 9 in groups of at most 8.
  public func groupCount(sampleCount: Int) -> Int? {
    let count = (sampleCount + largestSize - 1) / largestSize
    return sampleCount > 0 && sampleCount % count == 0 ? count : nil
  }
}
