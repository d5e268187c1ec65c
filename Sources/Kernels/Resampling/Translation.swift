/// Moves each image by its own whole number of rows and columns; zeros come in.
///
///     y[r, c] = x[r + rows, c + columns]
///
/// - Parameters:
///   - y: Result, as large as `x`.
///   - x: Images of `shape`.
///   - rows: For each image, the row of `x` that becomes the first.
///   - columns: For each image, the column of `x` that becomes the first.
///   - shape: The images' shape.
package func translateImages(
  into y: Buffer, _ x: Buffer, rows: [Int], columns: [Int], shape: ImageShape
) {
  requireImages(y, x, rows.count, columns.count, shape, "translateImages")
  let (target, source) = (y.floats, x.floats)
  let (height, width, channelCount) = (shape.height, shape.width, shape.channelCount)
  let rowSize = width * channelCount
  parallelFor(shape.batchSize * height, grain: rowGrain(rowSize)) { indices in
    for index in indices {
      let (image, row) = index.quotientAndRemainder(dividingBy: height)
      let (sourceRow, shift) = (row + rows[image], columns[image])
      let (result, start) = (target + index * rowSize, source + image * height * rowSize)
      // The columns of the result that lie on the image.
      let first = min(max(-shift, 0), width)
      let end = 0..<height ~= sourceRow ? max(min(width - shift, width), first) : first
      result.update(repeating: 0, count: first * channelCount)
      if first < end {
        (result + first * channelCount).update(
          from: start + sourceRow * rowSize + (first + shift) * channelCount,
          count: (end - first) * channelCount)
      }
      (result + end * channelCount).update(repeating: 0, count: (width - end) * channelCount)
    }
  }
}

/// Copies images and sets a rectangle of each to 0; what of it is beyond the image counts for nothing.
///
/// - Parameters:
///   - y: Result, as large as `x`.
///   - x: Images of `shape`.
///   - rows: For each image, the rectangle's rows.
///   - columns: For each image, the rectangle's columns.
///   - shape: The images' shape.
package func cutRectangles(
  into y: Buffer, _ x: Buffer, rows: [Range<Int>], columns: [Range<Int>], shape: ImageShape
) {
  requireImages(y, x, rows.count, columns.count, shape, "cutRectangles")
  y.copy(from: x)
  let (target, rowSize) = (y.floats, shape.width * shape.channelCount)
  for image in 0..<shape.batchSize {
    let cut = columns[image].clamped(to: 0..<shape.width)
    for row in rows[image].clamped(to: 0..<shape.height) {
      let start = (image * shape.height + row) * rowSize + cut.lowerBound * shape.channelCount
      (target + start).update(repeating: 0, count: cut.count * shape.channelCount)
    }
  }
}

private func requireImages(
  _ y: Buffer, _ x: Buffer, _ rowCount: Int, _ columnCount: Int, _ shape: ImageShape,
  _ operation: String
) {
  precondition(
    y.count == x.count && x.count == shape.elementCount
      && rowCount == shape.batchSize && columnCount == shape.batchSize,
    """
    \(operation): \(x.count) elements of \(shape) into \(y.count), \(rowCount) places by row, \
    \(columnCount) by column
    """)
}
