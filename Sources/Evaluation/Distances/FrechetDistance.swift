import Kernels

/// The Fréchet distance of two normal distributions.
///
///     FID = |μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2·tr (Σ₁Σ₂)^½
///
/// Source: Dowson & Landau 1982; Heusel et al. 2017; Docs/Evaluation.md, section 2.
public struct FrechetDistance: Sendable, Equatable {
  /// |μ₁ − μ₂|².
  public let meanPart: Double
  /// tr Σ₁ + tr Σ₂ − 2·tr (Σ₁Σ₂)^½.
  public let covariancePart: Double

  private let totalVariance: Double

  /// The distance; 0 where rounding alone, less than 1e-9 of tr Σ₁ + tr Σ₂, put it below.
  public var value: Double {
    let sum = meanPart + covariancePart
    return sum < 0 && sum > -1e-9 * totalVariance ? 0 : sum
  }

  /// The distance of two distributions.
  ///
  /// - Parameters:
  ///   - first: One distribution.
  ///   - second: The other.
  ///   - name: What errors call the second.
  /// - Throws: `EvaluationError` for different dimensions, and for a matrix that is no covariance; `IterationFailure`.
  public init(
    _ first: FeatureStatistics, _ second: FeatureStatistics, name: String = "the second set"
  ) throws {
    guard first.dimension == second.dimension else {
      throw EvaluationError.unlikeDimensions(
        set: name, found: second.dimension, expected: first.dimension)
    }
    meanPart = zip(first.mean, second.mean).reduce(0) {
      $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
    }
    let factors = [
      try Self.factor(of: first, name: "the first set"), try Self.factor(of: second, name: name),
    ]
    totalVariance = first.totalVariance + second.totalVariance
    covariancePart =
      try totalVariance - 2 * Self.rootTrace(factors, dimension: first.dimension)
  }

  /// tr (Σ₁Σ₂)^½.
  ///
  /// With Σ = FᵀF of both it is the sum of the singular values of F₁F₂ᵀ: real, and without the roots of numbers that are
  /// nothing but rounding, which a singular covariance, as that of few images, has many of.
  private static func rootTrace(_ factors: [[Double]], dimension: Int) throws -> Double {
    guard !factors.contains(where: \.isEmpty) else { return 0 }
    let cross = product(factors[0], factors[1], depth: dimension, transposed: true)
    return try singularValues(of: cross, columnCount: factors[1].count / dimension).reduce(0, +)
  }

  /// F with Σ = FᵀF: a row √λ·vᵀ for every eigenvalue λ that is not lost in rounding, `[rank, dimension]`.
  ///
  /// - Throws: `EvaluationError.noCovariance` for an eigenvalue that is further below 0 than the rounding of a file in
  ///   float32 puts it; `IterationFailure`.
  private static func factor(of statistics: FeatureStatistics, name: String) throws -> [Double] {
    let size = statistics.dimension
    let (values, vectors) = try eigenvectors(ofSymmetric: statistics.covariance, size: size)
    let largest = max(values.last ?? 0, 0)
    if let least = values.first, least < -1e-3 * largest || (least < 0 && largest == 0) {
      throw EvaluationError.noCovariance(
        set: name, problem: "it has the eigenvalue \(least), where the largest is \(largest)")
    }
    let noise = Double(size) * Double.ulpOfOne * largest
    return values.indices.filter { values[$0] > noise }.flatMap { index in
      let root = values[index].squareRoot()
      return vectors[index * size..<(index + 1) * size].map { $0 * root }
    }
  }
}
