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
///
/// x and y are float32 or bfloat16; y is float32 when it is added to.
public func scaleChannels(into y: Buffer, isAdding: Bool, _ x: Buffer, by factor: Buffer) {
  let channelCount = factor.count
  precondition(
    y.count == x.count && channelCount > 0 && x.count % channelCount == 0,
    "scaleChannels: \(y.count) results of \(x.count) elements in rows of \(channelCount)")
  precondition(
    !isAdding || y.elementType == .float32,
    "scaleChannels: results of type bfloat16 cannot be added to")
  let factors = factor.floats
  forEachStripe(
    of: x.count / channelCount, rowSize: channelCount, grain: rowGrain(channelCount),
    writing: [y], reading: [x]
  ) { rows, floats in
    CKernels_scaleChannels(
      floats[0], floats[1], factors, isAdding ? 1 : 0, Int64(rows.count), Int64(channelCount))
  }
}

/// y = x + factor·branch in each row, with a factor by channel (LayerScale).
///
/// - Parameters:
///   - y: Rows of `channelCount`.
///   - x: What is added to, like `y`.
///   - branch: What is scaled, like `y`; float32 or bfloat16, as the others.
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
  let factors = factor.floats
  forEachStripe(
    of: x.count / channelCount, rowSize: channelCount, grain: rowGrain(channelCount),
    writing: [y], reading: [x, branch]
  ) { rows, floats in
    CKernels_addScaledRows(
      floats[0], floats[1], floats[2], factors, Int64(rows.count), Int64(channelCount))
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
