/// The mean and the covariance of a set's features, in double precision.
public struct FeatureStatistics: Sendable, Equatable {
  /// The mean, `[dimension]`.
  public let mean: [Double]
  /// The covariance with divisor N − 1, `[dimension, dimension]`, symmetric.
  public let covariance: [Double]
  /// N; nil where a file does not say it.
  public let imageCount: Int?

  /// Statistics of given numbers.
  ///
  /// - Precondition: The covariance is a square as large as the mean, which is not empty.
  public init(mean: [Double], covariance: [Double], imageCount: Int? = nil) {
    precondition(
      !mean.isEmpty && covariance.count == mean.count * mean.count,
      "FeatureStatistics: a mean of \(mean.count) and \(covariance.count) covariances")
    self.mean = mean
    self.covariance = covariance
    self.imageCount = imageCount
  }

  /// Numbers of a feature.
  public var dimension: Int { mean.count }

  /// The sum of the variances.
  public var totalVariance: Double {
    (0..<dimension).reduce(0) { $0 + covariance[$1 * dimension + $1] }
  }

  /// Whether every number is finite.
  var isFinite: Bool { mean.allSatisfy(\.isFinite) && covariance.allSatisfy(\.isFinite) }
}
