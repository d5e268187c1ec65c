/// Plain loops of the normalisations over the last axis, for tests.
package enum NormalizationReference {
  /// (x − mean) / √(variance + ε)·weight + bias for rows of `weight.count` elements.
  package static func layerNorm(
    _ x: [Double], weight: [Double], bias: [Double], epsilon: Double
  ) -> [Double] {
    let width = weight.count
    var y = x
    for row in 0..<x.count / width {
      let range = row * width..<(row + 1) * width
      let mean = x[range].reduce(0, +) / Double(width)
      let variance = x[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      for i in range {
        let channel = i - range.lowerBound
        y[i] = (x[i] - mean) / (variance + epsilon).squareRoot() * weight[channel] + bias[channel]
      }
    }
    return y
  }

  /// x / √(mean(x²) + ε)·weight for rows of `weight.count` elements.
  package static func rmsNorm(_ x: [Double], weight: [Double], epsilon: Double) -> [Double] {
    let width = weight.count
    var y = x
    for row in 0..<x.count / width {
      let range = row * width..<(row + 1) * width
      let meanSquare = x[range].reduce(0) { $0 + $1 * $1 } / Double(width)
      for i in range {
        y[i] = x[i] / (meanSquare + epsilon).squareRoot() * weight[i - range.lowerBound]
      }
    }
    return y
  }
}
