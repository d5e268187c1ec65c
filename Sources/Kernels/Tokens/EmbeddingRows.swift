import CKernels

/// y[i] = table[indices[i]].
///
/// - Parameters:
///   - y: `[indexCount, channelCount]`.
///   - indices: int32.
///   - table: `[rowCount, channelCount]`.
///   - channelCount: Elements of a row.
public func gatherRows(into y: Buffer, indices: Buffer, table: Buffer, channelCount: Int) {
  let rowCount = checkedRowCount(y, indices, table, channelCount)
  let (target, source, positions) = (y.floats, table.floats, indices.integers)
  for i in 0..<indices.count {
    let index = Int(positions[i])
    precondition(
      index >= 0 && index < rowCount,
      "embedding: index \(index) at position \(i) of \(rowCount) rows")
  }
  parallelFor(indices.count, grain: max(1, elementGrain / max(1, channelCount))) { range in
    for i in range {
      (target + i * channelCount)
        .update(from: source + Int(positions[i]) * channelCount, count: channelCount)
    }
  }
}

/// dTable[indices[i]] += dy[i], in the order of i; first zeroed unless `isAdding`.
///
/// Threads share out the channels, each going through all indices in order, so that the bits do not
/// depend on their number.
public func scatterRows(
  into dTable: Buffer, indices: Buffer, _ dy: Buffer, channelCount: Int, isAdding: Bool
) {
  _ = checkedRowCount(dy, indices, dTable, channelCount)
  if !isAdding { fill(dTable, with: 0) }
  let (target, source, positions) = (dTable.floats, dy.floats, indices.integers)
  let indexCount = indices.count
  let lineCount = (channelCount + 15) / 16
  parallelFor(lineCount, grain: max(1, elementGrain / max(1, 16 * indexCount))) { lines in
    let begin = lines.lowerBound * 16
    let count = Int64(min(channelCount, lines.upperBound * 16) - begin)
    for i in 0..<indexCount {
      let row = target + Int(positions[i]) * channelCount + begin
      CKernels_add(row, row, source + i * channelCount + begin, count)
    }
  }
}

private func checkedRowCount(
  _ y: Buffer, _ indices: Buffer, _ table: Buffer, _ channelCount: Int
) -> Int {
  precondition(
    channelCount > 0 && table.count % channelCount == 0
      && y.count == indices.count * channelCount,
    """
    embedding: \(y.count) elements for \(indices.count) rows of \(channelCount) from a table of \
    \(table.count)
    """)
  return table.count / channelCount
}
