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
  /// Whether products take scaled queries, keys, exponentials, probabilities and the scores'
  /// gradients rounded to bfloat16.
  package let roundsOperands: Bool

  /// Groups the sizes.
  package init(
    batchCount: Int, tokenCount: Int, headCount: Int, headSize: Int, visibleKeyCounts: [Int]?,
    roundsOperands: Bool = false
  ) {
    self.batchCount = batchCount
    self.tokenCount = tokenCount
    self.headCount = headCount
    self.headSize = headSize
    self.roundsOperands = roundsOperands
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
  ///   - angles: `[tokens, headSize / 2]`; empty without a rotation.
  ///   - pairing: The channels that turn together.
  /// - Returns: `[batch, tokens, 3 * width]`.
  package func prepared(
    _ qkv: [Double], norms: [[Double]], epsilon: Double, angles: [Double],
    pairing: RotaryPairing = .adjacent
  ) -> [Double] {
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
          let first = row % tokenCount * (headSize / 2)
          let turned =
            angles.isEmpty
            ? x : rotated(x, angles[first..<first + headSize / 2], pairing)
          result.replaceSubrange(start..<start + headSize, with: turned)
        }
      }
    }
    return result
  }

  private func rotated(_ x: [Double], _ angles: ArraySlice<Double>, _ pairing: RotaryPairing)
    -> [Double]
  {
    var y = x
    for (pair, angle) in angles.enumerated() {
      let (i, j) =
        pairing == .adjacent ? (2 * pair, 2 * pair + 1) : (pair, pair + headSize / 2)
      y[i] = x[i] * cos(angle) - x[j] * sin(angle)
      y[j] = x[i] * sin(angle) + x[j] * cos(angle)
    }
    return y
  }

  /// What a product takes of a number.
  private func operand(_ x: Double) -> Double {
    roundsOperands ? BFloat16Reference.rounded(x) : x
  }

  /// Scaled queries of one head of one sample.
  private func queries(_ qkv: [Double], _ sample: Int, _ head: Int) -> [[Double]] {
    tokens(0, qkv, sample, head).map { $0.map { operand($0 / Double(headSize).squareRoot()) } }
  }

  /// Keys of one head of one sample.
  private func keys(_ qkv: [Double], _ sample: Int, _ head: Int) -> [[Double]] {
    tokens(1, qkv, sample, head).map { $0.map(operand) }
  }

  /// Rows of e^(q·k − largest) over the visible keys, of scaled queries.
  private func exponentials(_ q: [[Double]], _ k: [[Double]]) -> [[Double]] {
    (0..<tokenCount).map { i in
      let scores = (0..<visibleKeyCounts[i]).map { inner(q[i], k[$0]) }
      let largest = scores.max() ?? 0
      return scores.map { exp($0 - largest) }
    }
  }

  /// softmax(q·kᵀ/√headSize)·v of packed queries, keys and values: `[batch, tokens, width]`.
  package func attention(_ qkv: [Double]) -> [Double] {
    var y = [Double](repeating: 0, count: batchCount * tokenCount * width)
    for sample in 0..<batchCount {
      for head in 0..<headCount {
        let v = tokens(2, qkv, sample, head)
        let rows = exponentials(queries(qkv, sample, head), keys(qkv, sample, head))
        for (i, row) in rows.enumerated() {
          let start = (sample * tokenCount + i) * width + head * headSize
          let sum = row.reduce(0, +)
          for (j, e) in row.enumerated() {
            for d in 0..<headSize { y[start + d] += operand(e) * v[j][d] / sum }
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
        let (q, k) = (queries(qkv, sample, head), keys(qkv, sample, head))
        let v = tokens(2, qkv, sample, head)
        func place(_ part: Int, _ token: Int) -> Int {
          (sample * tokenCount + token) * 3 * width + part * width + head * headSize
        }
        for (i, row) in exponentials(q, k).enumerated() {
          let start = (sample * tokenCount + i) * width + head * headSize
          let d = Array(dy[start..<start + headSize])
          let sum = row.reduce(0, +)
          let p = row.map { $0 / sum }
          let dp = p.indices.map { inner(d, v[$0]) }
          let mean = inner(p, dp)
          for j in p.indices {
            let ds = operand(p[j] * (dp[j] - mean))
            for c in 0..<headSize {
              dqkv[place(2, j) + c] += operand(p[j]) * d[c]
              dqkv[place(0, i) + c] += ds * k[j][c] / Double(headSize).squareRoot()
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
