/// Naive loops for batch normalisation.
package enum BatchNormalizationReference {
  /// (x − mean) / sqrt(variance + epsilon) · weight + bias of `[batch, positions, channels]`, with mean
  /// and biased variance by channel over each of `groupCount` runs of samples.
  package static func forward(
    _ x: [Double], weight: [Double], bias: [Double], batchSize: Int, groupCount: Int,
    epsilon: Double
  ) -> [Double] {
    let channelCount = weight.count
    let sampleSize = x.count / batchSize
    var y = x
    for group in 0..<groupCount {
      for channel in 0..<channelCount {
        let places = x.indices.filter {
          $0 / sampleSize / (batchSize / groupCount) == group && $0 % channelCount == channel
        }
        let count = Double(places.count)
        let mean = places.reduce(0) { $0 + x[$1] } / count
        let variance = places.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / count
        for place in places {
          let normalized = (x[place] - mean) / (variance + epsilon).squareRoot()
          y[place] = normalized * weight[channel] + bias[channel]
        }
      }
    }
    return y
  }
}
