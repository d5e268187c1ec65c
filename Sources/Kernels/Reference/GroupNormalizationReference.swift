import Foundation

/// Naive loops for group normalisation.
package enum GroupNormalizationReference {
  /// activation((x − mean) / sqrt(variance + epsilon) · weight + bias) of
  /// `[batch, pixels, channels]`.
  package static func forward(
    _ x: [Double], weight: [Double], bias: [Double], pixelCount: Int, groupCount: Int,
    epsilon: Double, activation: Activation
  ) -> [Double] {
    let channelCount = weight.count
    let groupSize = channelCount / groupCount
    var y = x
    for sample in 0..<x.count / (pixelCount * channelCount) {
      for group in 0..<groupCount {
        var places: [(index: Int, channel: Int)] = []
        for pixel in 0..<pixelCount {
          for channel in group * groupSize..<(group + 1) * groupSize {
            places.append(((sample * pixelCount + pixel) * channelCount + channel, channel))
          }
        }
        let count = Double(places.count)
        let mean = places.reduce(0) { $0 + x[$1.index] } / count
        let variance = places.reduce(0) { $0 + (x[$1.index] - mean) * (x[$1.index] - mean) } / count
        for (index, channel) in places {
          let normalized = (x[index] - mean) / (variance + epsilon).squareRoot()
          let z = normalized * weight[channel] + bias[channel]
          y[index] = activation == .silu ? z / (1 + exp(-z)) : z
        }
      }
    }
    return y
  }
}
