import Foundation

/// Plain loops of the vector quantizer, for tests.
package enum QuantizerReference {
  /// y = x / max(|x|, epsilon) for rows of `width` elements.
  package static func normalizeRows(_ x: [Double], width: Int, guard epsilon: Double) -> [Double] {
    var y = x
    for row in 0..<x.count / width {
      let range = row * width..<(row + 1) * width
      let norm = x[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for i in range { y[i] = x[i] / max(norm, epsilon) }
    }
    return y
  }

  /// The code with the largest inner product for each row of `z`, the first one on ties.
  package static func nearestCodes(_ z: [Double], codes: [Double], width: Int) -> [Int] {
    scores(z, codes: codes, width: width).map { row in
      var best = 0
      for code in row.indices where row[code] > row[best] { best = code }
      return best
    }
  }

  /// Mean over rows of H(p) − H of the mean p, p = softmax(−(2 − 2 z·c)/temperature).
  package static func assignmentEntropy(
    _ z: [Double], codes: [Double], width: Int, temperature: Double
  ) -> Double {
    let rows = scores(z, codes: codes, width: width).map { row -> [Double] in
      let exponents = row.map { exp(-(2 - 2 * $0) / temperature) }
      let sum = exponents.reduce(0, +)
      return exponents.map { $0 / sum }
    }
    var meanEntropy = 0.0
    var mean = [Double](repeating: 0, count: codes.count / width)
    for p in rows {
      for code in p.indices {
        if p[code] > 0 { meanEntropy -= p[code] * log(p[code]) / Double(rows.count) }
        mean[code] += p[code] / Double(rows.count)
      }
    }
    return meanEntropy + mean.reduce(0) { $0 + $1 * log($1 + 1e-9) }
  }

  private static func scores(_ z: [Double], codes: [Double], width: Int) -> [[Double]] {
    (0..<z.count / width).map { row in
      (0..<codes.count / width).map { code in
        var sum = 0.0
        for i in 0..<width { sum += z[row * width + i] * codes[code * width + i] }
        return sum
      }
    }
  }
}
