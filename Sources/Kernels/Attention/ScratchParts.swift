/// Memory from the pool for the parts of one head's working memory, which must keep `buffers`.
struct ScratchParts {
  /// What the parts lie in.
  private(set) var buffers: [Buffer] = []

  /// Single-precision rows side by side.
  mutating func rows(_ rowCount: Int, _ columnCount: Int) -> HeadRows {
    let buffer = Buffer(.float32, count: rowCount * columnCount)
    buffers.append(buffer)
    return HeadRows(start: buffer.floats, stride: columnCount)
  }

  /// Rows of bfloat16 numbers side by side.
  mutating func bfloat16s(_ rowCount: Int, _ columnCount: Int) -> BFloat16Rows {
    let buffer = Buffer(.bfloat16, count: rowCount * columnCount)
    buffers.append(buffer)
    return BFloat16Rows(start: buffer.bfloat16s, stride: columnCount)
  }

  /// Panels of a bfloat16 matrix.
  mutating func panels(_ rowCount: Int, _ columnCount: Int) -> HeadPanels {
    let layout = PanelLayout(bfloat16RowCount: rowCount, columnCount: columnCount)
    let buffer = Buffer(.bfloat16, count: 2 * layout.unitCount)
    buffers.append(buffer)
    return HeadPanels(start: buffer.pairs, layout: layout)
  }
}
