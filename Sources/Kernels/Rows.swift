import CKernels

/// The sum of all rows, or added to what is there: the gradient of a bias.
///
/// - Parameters:
///   - sum: `[channelCount]`; its count gives the width of the rows.
///   - isAdding: Whether to add to `sum`.
///   - x: Any number of rows of `channelCount`.
public func sumRows(into sum: Buffer, isAdding: Bool, _ x: Buffer) {
  reduceRows(into: sum, isAdding: isAdding, [x], "sumRows") { partial, floats, count in
    CKernels_sumRows(partial, floats[0], count, Int64(sum.count))
  }
}

/// The sum over all rows of a·b, or added to what is there: the gradient of a factor by channel.
public func sumRowProducts(into sum: Buffer, isAdding: Bool, _ a: Buffer, _ b: Buffer) {
  precondition(a.count == b.count, "sumRowProducts: \(a.count) against \(b.count) elements")
  reduceRows(into: sum, isAdding: isAdding, [a, b], "sumRowProducts") { partial, floats, count in
    CKernels_sumRowProducts(partial, floats[0], floats[1], count, Int64(sum.count))
  }
}

/// y = x·factor in each row, or y += when `isAdding`; `factor` is `[channelCount]`.
public func scaleChannels(into y: Buffer, isAdding: Bool, _ x: Buffer, by factor: Buffer) {
  let channelCount = factor.count
  precondition(
    y.count == x.count && channelCount > 0 && x.count % channelCount == 0,
    "scaleChannels: \(y.count) results of \(x.count) elements in rows of \(channelCount)")
  let (target, source, factors) = (y.floats, x.floats, factor.floats)
  parallelFor(x.count / channelCount, grain: rowGrain(channelCount)) { rows in
    let start = rows.lowerBound * channelCount
    CKernels_scaleChannels(
      target + start, source + start, factors, isAdding ? 1 : 0, Int64(rows.count),
      Int64(channelCount))
  }
}

/// y = x + factor·branch in each row, with a factor by channel (LayerScale).
///
/// - Parameters:
///   - y: Rows of `channelCount`.
///   - x: What is added to, like `y`.
///   - branch: What is scaled, like `y`.
///   - factor: `[channelCount]`.
public func addScaledRows(into y: Buffer, _ x: Buffer, _ branch: Buffer, scale factor: Buffer) {
  let channelCount = factor.count
  precondition(
    y.count == x.count && y.count == branch.count && channelCount > 0
      && x.count % channelCount == 0,
    """
    addScaledRows: \(y.count) results of \(x.count) and \(branch.count) elements \
    in rows of \(channelCount)
    """)
  let (target, source, added, factors) = (y.floats, x.floats, branch.floats, factor.floats)
  parallelFor(x.count / channelCount, grain: rowGrain(channelCount)) { rows in
    let start = rows.lowerBound * channelCount
    CKernels_addScaledRows(
      target + start, source + start, added + start, factors, Int64(rows.count),
      Int64(channelCount))
  }
}

/// Sums by chunk of rows, then over the chunks in their order.
private func reduceRows(
  into sum: Buffer, isAdding: Bool, _ operands: [Buffer], _ name: String,
  _ partialSum: (
    _ partial: UnsafeMutablePointer<Float>, _ floats: [UnsafeMutablePointer<Float>],
    _ rowCount: Int64
  ) -> Void
) {
  let (channelCount, elementCount) = (sum.count, operands[0].count)
  precondition(
    channelCount > 0 && elementCount % channelCount == 0,
    "\(name): \(elementCount) elements in rows of \(channelCount)")
  let stripes = FloatStripes(rowSize: channelCount, writing: [], reading: operands)
  let shares = ChunkShares(
    rowCount: elementCount / channelCount, chunkSize: max(64, 2 * rowGrain(channelCount)),
    width: channelCount)
  shares.compute { share, rows in
    stripes.forEach(in: rows) { partialSum(share, $1, Int64($0.count)) }
  }
  shares.add(into: sum, from: 0, isAdding: isAdding)
}

/// The sum of partial results of `sum.count` elements each, in their order.
func combinePartials(into sum: Buffer, isAdding: Bool, _ partials: Buffer) {
  let (target, source, width) = (sum.floats, partials.floats, sum.count)
  parallelFor(width, grain: elementGrain / max(1, partials.count / width)) { range in
    let count = Int64(range.count)
    CKernels_scale(
      target + range.lowerBound, source + range.lowerBound, 1, isAdding ? 1 : 0, count)
    for start in stride(from: width, to: partials.count, by: width) {
      CKernels_scale(target + range.lowerBound, source + start + range.lowerBound, 1, 1, count)
    }
  }
}
