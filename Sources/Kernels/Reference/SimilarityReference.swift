/// Naive loops over rows of channels as directions.
package enum SimilarityReference {
  /// x / (‖x‖ + epsilon) in rows of `channelCount`.
  package static func l2Normalize(_ x: [Double], channelCount: Int, epsilon: Double) -> [Double] {
    x.indices.map { x[$0] / (norm(x, row: $0 / channelCount, channelCount) + epsilon) }
  }

  /// a·b / (max(‖a‖, epsilon)·max(‖b‖, epsilon)) in rows of `channelCount`.
  package static func cosine(
    _ a: [Double], _ b: [Double], channelCount: Int, epsilon: Double
  ) -> [Double] {
    (0..<a.count / channelCount).map { row in
      let product = (row * channelCount..<(row + 1) * channelCount)
        .reduce(0) { $0 + a[$1] * b[$1] }
      return product / max(norm(a, row: row, channelCount), epsilon)
        / max(norm(b, row: row, channelCount), epsilon)
    }
  }

  /// The mean over the rows of each of `sampleCount` samples of Σ weight·(x − y)² over channels.
  package static func weightedDistances(
    _ x: [Double], _ y: [Double], weight: [Double], sampleCount: Int
  ) -> [Double] {
    let size = x.count / sampleCount
    return (0..<sampleCount).map { sample in
      let total = (sample * size..<(sample + 1) * size).reduce(0) { sum, place in
        sum + weight[place % weight.count] * (x[place] - y[place]) * (x[place] - y[place])
      }
      return total * Double(weight.count) / Double(size)
    }
  }

  private static func norm(_ x: [Double], row: Int, _ channelCount: Int) -> Double {
    x[row * channelCount..<(row + 1) * channelCount].reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
