import CKernels

/// Rows whose share of a parameter's gradient is summed together before the shares are added.
private let chunkRowCount = 64

/// y = (x − mean) / √(variance + ε)·weight + bias over rows of `weight.count` channels.
///
/// - Parameters:
///   - y: Result, as large as `x`.
///   - statistics: Mean and reciprocal deviation of each row, kept for the gradient.
///   - x: Rows.
///   - weight: Gain of each channel.
///   - bias: Bias of each channel.
///   - epsilon: Added to the variance.
public func layerNorm(
  into y: Buffer, statistics: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer, epsilon: Float
) {
  let (rowCount, channelCount) = rows(of: x, weight, "layerNorm")
  precondition(
    y.count == x.count && statistics.count == 2 * rowCount && bias.count == channelCount,
    "layerNorm: \(y.count) results, \(statistics.count) statistics, \(bias.count) biases for "
      + "\(rowCount) rows of \(channelCount)")
  let (target, stats, source) = (y.floats, statistics.floats, x.floats)
  let (gain, offset) = (weight.floats, bias.floats)
  parallelFor(rowCount, grain: rowGrain(channelCount)) { range in
    let (row, at) = (range.lowerBound, range.lowerBound * channelCount)
    CKernels_layerNorm(
      target + at, stats + 2 * row, source + at, gain, offset, Int64(range.count),
      Int64(channelCount), epsilon)
  }
}

/// The gradients of `layerNorm`.
///
/// - Parameters:
///   - dx: Gradient of the rows.
///   - dweight: Gradient of the gain.
///   - dbias: Gradient of the bias.
///   - isAdding: Whether `dweight` and `dbias` are added to instead of written.
///   - dy: Gradient of the result.
///   - x: The rows.
///   - statistics: What the forward pass kept.
///   - weight: The gain.
public func layerNormGradient(
  into dx: Buffer, weight dweight: Buffer, bias dbias: Buffer, isAdding: (weight: Bool, bias: Bool),
  _ dy: Buffer, _ x: Buffer, statistics: Buffer, weight: Buffer
) {
  let (rowCount, channelCount) = rows(of: x, weight, "layerNormGradient")
  precondition(
    dx.count == x.count && dy.count == x.count && statistics.count == 2 * rowCount,
    "layerNormGradient: \(dx.count), \(dy.count) gradients for \(x.count) numbers")
  let (target, d, source) = (dx.floats, dy.floats, x.floats)
  let (stats, gain) = (statistics.floats, weight.floats)
  let shares = ChunkShares(
    rowCount: rowCount, chunkSize: chunkRowCount, width: 2 * channelCount)
  shares.compute { share, range in
    let at = range.lowerBound * channelCount
    CKernels_layerNormGradient(
      target + at, share, share + channelCount, d + at, source + at,
      stats + 2 * range.lowerBound, gain, Int64(range.count), Int64(channelCount))
  }
  shares.add(into: dweight, from: 0, isAdding: isAdding.weight)
  shares.add(into: dbias, from: channelCount, isAdding: isAdding.bias)
}

/// y = x / √(mean(x²) + ε)·weight over rows of `weight.count` channels.
///
/// - Parameters:
///   - y: Result, as large as `x`.
///   - statistics: Factor of each row, kept for the gradient.
///   - x: Rows.
///   - weight: Gain of each channel.
///   - epsilon: Added to the mean square.
public func rmsNorm(
  into y: Buffer, statistics: Buffer, _ x: Buffer, weight: Buffer, epsilon: Float
) {
  let (rowCount, channelCount) = rows(of: x, weight, "rmsNorm")
  precondition(
    y.count == x.count && statistics.count == rowCount,
    "rmsNorm: \(y.count) results, \(statistics.count) statistics for \(rowCount) rows of "
      + "\(channelCount)")
  let (target, stats, source, gain) = (y.floats, statistics.floats, x.floats, weight.floats)
  parallelFor(rowCount, grain: rowGrain(channelCount)) { range in
    let (row, at) = (range.lowerBound, range.lowerBound * channelCount)
    CKernels_rmsNorm(
      target + at, stats + row, source + at, gain, Int64(range.count), Int64(channelCount),
      epsilon)
  }
}

/// The gradients of `rmsNorm`; `dweight` is added to when `isAdding`.
public func rmsNormGradient(
  into dx: Buffer, weight dweight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer,
  statistics: Buffer, weight: Buffer
) {
  let (rowCount, channelCount) = rows(of: x, weight, "rmsNormGradient")
  precondition(
    dx.count == x.count && dy.count == x.count && statistics.count == rowCount,
    "rmsNormGradient: \(dx.count), \(dy.count) gradients for \(x.count) numbers")
  let (target, d, source) = (dx.floats, dy.floats, x.floats)
  let (stats, gain) = (statistics.floats, weight.floats)
  let shares = ChunkShares(rowCount: rowCount, chunkSize: chunkRowCount, width: channelCount)
  shares.compute { share, range in
    let at = range.lowerBound * channelCount
    CKernels_rmsNormGradient(
      target + at, share, d + at, source + at, stats + range.lowerBound, gain,
      Int64(range.count), Int64(channelCount))
  }
  shares.add(into: dweight, from: 0, isAdding: isAdding)
}

private func rows(of x: Buffer, _ weight: Buffer, _ name: String) -> (Int, Int) {
  precondition(
    weight.count > 0 && x.count % weight.count == 0,
    "\(name): \(x.count) numbers are no rows of \(weight.count) channels")
  return (x.count / weight.count, weight.count)
}

/// Rows that are worth a thread.
func rowGrain(_ channelCount: Int) -> Int { max(1, elementGrain / channelCount) }
