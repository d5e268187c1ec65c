import CKernels

/// Rows whose share of a parameter's gradient is summed together before the shares are added.
private let chunkRowCount = 64

/// y = (x − mean) / √(variance + ε)·weight + bias over rows of `weight.count` channels.
///
/// - Parameters:
///   - y: Result, as large as `x`; float32 or bfloat16, as the rows.
///   - statistics: Mean and reciprocal standard deviation of each row, kept for the gradient.
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
  let (stats, gain, offset) = (statistics.floats, weight.floats, bias.floats)
  forEachStripe(
    of: rowCount, rowSize: channelCount, grain: rowGrain(channelCount), writing: [y], reading: [x]
  ) { rows, floats in
    CKernels_layerNorm(
      floats[0], stats + 2 * rows.lowerBound, floats[1], gain, offset, Int64(rows.count),
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
  let (stats, gain) = (statistics.floats, weight.floats)
  let stripes = FloatStripes(rowSize: channelCount, writing: [dx], reading: [dy, x])
  let shares = ChunkShares(
    rowCount: rowCount, chunkSize: chunkRowCount, width: 2 * channelCount)
  shares.compute { share, range in
    stripes.forEach(in: range) { rows, floats in
      CKernels_layerNormGradient(
        floats[0], share, share + channelCount, floats[1], floats[2],
        stats + 2 * rows.lowerBound, gain, Int64(rows.count), Int64(channelCount))
    }
  }
  shares.add(into: dweight, from: 0, isAdding: isAdding.weight)
  shares.add(into: dbias, from: channelCount, isAdding: isAdding.bias)
}

/// y = x / √(mean(x²) + ε)·weight over rows of `weight.count` channels.
///
/// - Parameters:
///   - y: Result, as large as `x`; float32 or bfloat16, as the rows.
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
  let (stats, gain) = (statistics.floats, weight.floats)
  forEachStripe(
    of: rowCount, rowSize: channelCount, grain: rowGrain(channelCount), writing: [y], reading: [x]
  ) { rows, floats in
    CKernels_rmsNorm(
      floats[0], stats + rows.lowerBound, floats[1], gain, Int64(rows.count),
      Int64(channelCount), epsilon)
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
  let (stats, gain) = (statistics.floats, weight.floats)
  let stripes = FloatStripes(rowSize: channelCount, writing: [dx], reading: [dy, x])
  let shares = ChunkShares(rowCount: rowCount, chunkSize: chunkRowCount, width: channelCount)
  shares.compute { share, range in
    stripes.forEach(in: range) { rows, floats in
      CKernels_rmsNormGradient(
        floats[0], share, floats[1], floats[2], stats + rows.lowerBound, gain,
        Int64(rows.count), Int64(channelCount))
    }
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

/// Products of so many multiplications each that are worth a thread: one takes a twentieth of the time that a pass over
/// memory has for an element.
func productGrain(_ multiplicationCount: Int) -> Int { rowGrain(multiplicationCount / 20 + 1) }
