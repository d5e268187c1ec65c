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

  /// Why the covariance is none of real numbers, as far as its elements show it pair by pair; nil where they do not.
  ///
  /// Those that another program rounded to float32 pass.
  var covarianceProblem: String? {
    let tolerance = 1e-5
    let deviations = (0..<dimension).map { covariance[$0 * dimension + $0] }
    if let index = deviations.firstIndex(where: { $0 < 0 }) {
      return "the variance of dimension \(index) is \(deviations[index])"
    }
    for row in 0..<dimension {
      for column in 0..<row {
        let pair = (covariance[row * dimension + column], covariance[column * dimension + row])
        let largest = (deviations[row] * deviations[column]).squareRoot()
        let words = "the covariance of dimensions \(row) and \(column) is \(pair.0)"
        if abs(pair.0 - pair.1) > tolerance * largest {
          return words + ", and in the other order \(pair.1)"
        }
        if abs(pair.0) > (1 + tolerance) * largest {
          return words + ", more than their deviations allow, \(largest)"
        }
      }
    }
    return nil
  }

  /// Whether every number is finite.
  var isFinite: Bool { mean.allSatisfy(\.isFinite) && covariance.allSatisfy(\.isFinite) }
}
