import Foundation

/// Plain loops of attention, for tests: one head at a time, all probabilities stored.
package struct AttentionReference {
  /// Samples.
  package let batchCount: Int
  /// Tokens of a sample.
  package let tokenCount: Int
  /// Heads.
  package let headCount: Int
  /// Width of a head.
  package let headSize: Int
  /// The number of leading keys that each query sees.
  package let visibleKeyCounts: [Int]

  /// Groups the sizes.
  package init(
    batchCount: Int, tokenCount: Int, headCount: Int, headSize: Int, visibleKeyCounts: [Int]?
  ) {
    self.batchCount = batchCount
    self.tokenCount = tokenCount
    self.headCount = headCount
    self.headSize = headSize
    self.visibleKeyCounts =
      visibleKeyCounts ?? [Int](repeating: tokenCount, count: tokenCount)
  }

  private var width: Int { headCount * headSize }

  /// Channels of one head of packed queries (0), keys (1) or values (2).
  private func head(_ part: Int, _ qkv: [Double], _ sample: Int, _ token: Int, _ head: Int)
    -> [Double]
  {
    let start = (sample * tokenCount + token) * 3 * width + part * width + head * headSize
    return Array(qkv[start..<start + headSize])
  }

  /// Queries, keys and values of one head of one sample, token by token.
  private func tokens(_ part: Int, _ qkv: [Double], _ sample: Int, _ head: Int) -> [[Double]] {
    (0..<tokenCount).map { self.head(part, qkv, sample, $0, head) }
  }

  /// Normalised and rotated queries and keys beside the values, packed as `qkv` is.
  ///
  /// - Parameters:
  ///   - qkv: `[batch, tokens, 3 * width]`.
  ///   - norms: Gain and bias of the queries, gain and bias of the keys; empty without norms.
  ///   - epsilon: Added to the variance.
  ///   - angles: `[tokens, headSize / 2]`.
  /// - Returns: `[batch, tokens, 3 * width]`.
  package func prepared(_ qkv: [Double], norms: [[Double]], epsilon: Double, angles: [Double])
    -> [Double]
  {
    var result = qkv
    for row in 0..<batchCount * tokenCount {
      for part in 0..<2 {
        for head in 0..<headCount {
          let start = row * 3 * width + part * width + head * headSize
          var x = Array(qkv[start..<start + headSize])
          if !norms.isEmpty {
            x = NormalizationReference.layerNorm(
              x, weight: norms[2 * part], bias: norms[2 * part + 1], epsilon: epsilon)
          }
          for pair in 0..<headSize / 2 {
            let angle = angles[row % tokenCount * (headSize / 2) + pair]
            let (a, b) = (x[2 * pair], x[2 * pair + 1])
            result[start + 2 * pair] = a * cos(angle) - b * sin(angle)
            result[start + 2 * pair + 1] = a * sin(angle) + b * cos(angle)
          }
        }
      }
    }
    return result
  }

  /// Rows of softmax(q·kᵀ/√headSize) over the visible keys.
  private func probabilities(_ q: [[Double]], _ k: [[Double]]) -> [[Double]] {
    (0..<tokenCount).map { i in
      let scores = (0..<visibleKeyCounts[i]).map { j in
        inner(q[i], k[j]) / Double(headSize).squareRoot()
      }
      let largest = scores.max() ?? 0
      let exponentials = scores.map { exp($0 - largest) }
      let sum = exponentials.reduce(0, +)
      return exponentials.map { $0 / sum }
    }
  }

  /// softmax(q·kᵀ/√headSize)·v of packed queries, keys and values: `[batch, tokens, width]`.
  package func attention(_ qkv: [Double]) -> [Double] {
    var y = [Double](repeating: 0, count: batchCount * tokenCount * width)
    for sample in 0..<batchCount {
      for head in 0..<headCount {
        let (q, k) = (tokens(0, qkv, sample, head), tokens(1, qkv, sample, head))
        let v = tokens(2, qkv, sample, head)
        for (i, row) in probabilities(q, k).enumerated() {
          let start = (sample * tokenCount + i) * width + head * headSize
          for (j, p) in row.enumerated() {
            for d in 0..<headSize { y[start + d] += p * v[j][d] }
          }
        }
      }
    }
    return y
  }

  /// The gradient of `attention` with respect to the packed queries, keys and values.
  ///
  /// dV = Pᵀ·dY; dP = dY·Vᵀ; dS = P∘(dP − Σ P∘dP); dQ = dS·K/√d; dK = dSᵀ·Q/√d.
  package func attentionGradient(_ dy: [Double], _ qkv: [Double]) -> [Double] {
    var dqkv = [Double](repeating: 0, count: qkv.count)
    for sample in 0..<batchCount {
      for head in 0..<headCount {
        let (q, k) = (tokens(0, qkv, sample, head), tokens(1, qkv, sample, head))
        let v = tokens(2, qkv, sample, head)
        func place(_ part: Int, _ token: Int) -> Int {
          (sample * tokenCount + token) * 3 * width + part * width + head * headSize
        }
        for (i, p) in probabilities(q, k).enumerated() {
          let start = (sample * tokenCount + i) * width + head * headSize
          let d = Array(dy[start..<start + headSize])
          let dp = p.indices.map { inner(d, v[$0]) }
          let mean = inner(p, dp)
          for j in p.indices {
            let ds = p[j] * (dp[j] - mean) / Double(headSize).squareRoot()
            for c in 0..<headSize {
              dqkv[place(2, j) + c] += p[j] * d[c]
              dqkv[place(0, i) + c] += ds * k[j][c]
              dqkv[place(1, j) + c] += ds * q[i][c]
            }
          }
        }
      }
    }
    return dqkv
  }

  private func inner(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }
}
