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

  /// The distance.
  public var value: Double { meanPart + covariancePart }

  /// The distance of two distributions.
  ///
  /// - Parameters:
  ///   - first: One distribution.
  ///   - second: The other.
  ///   - name: What errors call the second.
  /// - Throws: `EvaluationError` for different dimensions; `IterationFailure`.
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
    covariancePart =
      try first.totalVariance + second.totalVariance - 2 * Self.rootTrace(first, second)
  }

  /// tr (Σ₁Σ₂)^½.
  ///
  /// With Σ = FᵀF of both it is the sum of the singular values of F₁F₂ᵀ: real, and without the roots of numbers that are
  /// nothing but rounding, which a singular covariance, as that of few images, has many of.
  private static func rootTrace(
    _ first: FeatureStatistics, _ second: FeatureStatistics
  ) throws -> Double {
    let factors = try [first, second].map(factor)
    guard !factors.contains(where: \.isEmpty) else { return 0 }
    let cross = product(factors[0], factors[1], depth: first.dimension, transposed: true)
    return try singularValues(of: cross, columnCount: factors[1].count / first.dimension)
      .reduce(0, +)
  }

  /// F with Σ = FᵀF: a row √λ·vᵀ for every eigenvalue λ that is not lost in rounding, `[rank, dimension]`.
  private static func factor(of statistics: FeatureStatistics) throws -> [Double] {
    let size = statistics.dimension
    let (values, vectors) = try eigenvectors(ofSymmetric: statistics.covariance, size: size)
    let noise = Double(size) * Double.ulpOfOne * (values.last ?? 0)
    return values.indices.filter { values[$0] > max(noise, 0) }.flatMap { index in
      let root = values[index].squareRoot()
      return vectors[index * size..<(index + 1) * size].map { $0 * root }
    }
  }
}
