/// Naive loops for spectral normalisation of a matrix of `u.count` rows and `v.count` columns.
package enum SpectralNormalizationReference {
  /// v = normalize(Wᵀu), then u = normalize(W·v).
  package static func powerIteration(_ weight: [Double], u: [Double]) -> (
    u: [Double], v: [Double]
  ) {
    let columnCount = weight.count / u.count
    var v = [Double](repeating: 0, count: columnCount)
    for (row, factor) in u.enumerated() {
      for column in v.indices { v[column] += weight[row * columnCount + column] * factor }
    }
    v = normalized(v)
    return (normalized(image(weight, of: v)), v)
  }

  /// W / (uᵀ·W·v).
  package static func forward(_ weight: [Double], u: [Double], v: [Double]) -> [Double] {
    let norm = norm(weight, u: u, v: v)
    return weight.map { $0 / norm }
  }

  /// uᵀ·W·v.
  package static func norm(_ weight: [Double], u: [Double], v: [Double]) -> Double {
    zip(u, image(weight, of: v)).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func image(_ weight: [Double], of v: [Double]) -> [Double] {
    stride(from: 0, to: weight.count, by: v.count).map { start in
      v.indices.reduce(0) { $0 + weight[start + $1] * v[$1] }
    }
  }

  private static func normalized(_ x: [Double]) -> [Double] {
    let norm = max(x.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    return x.map { $0 / norm }
  }
}
