/// y = (x − mean) / standard deviation for each channel of rows of `means.count` channels.
public func normalizeChannels(
  into y: Buffer, _ x: Buffer, means: [Float], standardDeviations: [Float]
) {
  let channelCount = means.count
  precondition(
    x.count == y.count && x.count % channelCount == 0 && standardDeviations.count == channelCount,
    "normalizeChannels: \(x.count) numbers into \(y.count) with \(channelCount) channels")
  let (target, source) = (y.floats, x.floats)
  parallelFor(x.count / channelCount, grain: elementGrain) { rows in
    for row in rows {
      for channel in 0..<channelCount {
        let index = row * channelCount + channel
        target[index] = (source[index] - means[channel]) / standardDeviations[channel]
      }
    }
  }
}
