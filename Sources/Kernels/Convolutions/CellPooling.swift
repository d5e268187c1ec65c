import CKernels

/// The cells of an image that pooling reduces to one pixel each, and the sizes of the images.
///
/// Cell (i, j) covers `rows[i]` and `columns[j]`; cells may overlap, and pixels may lie in none.
public struct PoolingShape: Sendable, Hashable, CustomStringConvertible {
  /// The images that are pooled.
  public let images: ImageShape
  /// The image rows of each row of cells.
  public let rows: [Range<Int>]
  /// The image columns of each column of cells.
  public let columns: [Range<Int>]

  /// Square windows without padding; what is left beyond the last one is not read.
  ///
  /// - Precondition: The window and the stride are positive, and one window fits.
  public init(_ images: ImageShape, kernelSize: Int, stride: Int) {
    let windows = Windows(
      height: images.height, width: images.width, kernelHeight: kernelSize,
      kernelWidth: kernelSize, stride: stride, padding: .valid)
    func cells(_ count: Int) -> [Range<Int>] {
      (0..<count).map { $0 * stride..<$0 * stride + kernelSize }
    }
    self.images = images
    rows = cells(windows.outputHeight)
    columns = cells(windows.outputWidth)
  }

  /// Cells that cover the image: the i-th of m over n pixels from ⌊i·n/m⌋ to below ⌈(i + 1)·n/m⌉.
  ///
  /// They overlap where n is no multiple of m, also when the image is smaller than the result.
  ///
  /// - Precondition: The result has pixels.
  public init(_ images: ImageShape, toHeight height: Int, width: Int) {
    precondition(
      height > 0 && width > 0 && images.height > 0 && images.width > 0,
      "pooling: \(images) to \(height)x\(width)")
    func cells(_ count: Int, of size: Int) -> [Range<Int>] {
      (0..<count).map { $0 * size / count..<(($0 + 1) * size + count - 1) / count }
    }
    self.images = images
    rows = cells(height, of: images.height)
    columns = cells(width, of: images.width)
  }

  /// The result of pooling.
  public var result: ImageShape {
    ImageShape(
      batchSize: images.batchSize, height: rows.count, width: columns.count,
      channelCount: images.channelCount)
  }

  /// The sizes in one line, for messages.
  public var description: String { "\(images) in \(rows.count)x\(columns.count) cells" }

  fileprivate func check(large: Buffer, small: Buffer, _ name: String) {
    precondition(
      large.count == images.elementCount && small.count == result.elementCount,
      "\(name): \(large.count) and \(small.count) elements for \(self)")
  }

  /// Calls `body` with the columns as C takes them.
  fileprivate func withCells(_ body: (CKernelsCells) -> Void) {
    let (begins, ends) = (
      columns.map { Int64($0.lowerBound) }, columns.map { Int64($0.upperBound) }
    )
    begins.withUnsafeBufferPointer { begins in
      ends.withUnsafeBufferPointer { ends in
        body(
          CKernelsCells(
            begins: begins.baseAddress, ends: ends.baseAddress, cellCount: Int64(columns.count),
            width: Int64(images.width), channelCount: Int64(images.channelCount)))
      }
    }
  }

  /// Calls `body` with each row of cells of each image, on all threads.
  ///
  /// `image` is the image's first element, `place` the first element of the row of cells.
  fileprivate func forEachRowOfCells(
    _ body: (_ cells: CKernelsCells, _ rows: Range<Int>, _ image: Int, _ place: Int) -> Void
  ) {
    let imageSize = images.pixelCount * images.channelCount
    let rowSize = columns.count * images.channelCount
    withCells { cells in
      parallelFor(images.batchSize * rows.count, grain: rowGrain(imageSize / rows.count + 1)) {
        for row in $0 {
          let (image, line) = row.quotientAndRemainder(dividingBy: rows.count)
          body(cells, rows[line], image * imageSize, row * rowSize)
        }
      }
    }
  }

  /// Writes zeros into each row of dx unless it is added to, and calls `body` with the rows of cells that
  /// share it, on all threads.
  ///
  /// `target` is the row's first element, `place` the first element of the rows of cells.
  fileprivate func forEachRow(
    of dx: Buffer, isAdding: Bool,
    _ body: (
      _ cells: CKernelsCells, _ row: Int, _ target: UnsafeMutablePointer<Float>,
      _ rowsOfCells: Range<Int>, _ place: Int
    ) -> Void
  ) {
    let (start, size) = (dx.floats, images.width * images.channelCount)
    let rowSize = columns.count * images.channelCount
    let sharing = rowsOfCellsByRow
    withCells { cells in
      parallelFor(images.batchSize * images.height, grain: rowGrain(size)) {
        for row in $0 {
          let (image, line) = row.quotientAndRemainder(dividingBy: images.height)
          let target = start + row * size
          if !isAdding { target.update(repeating: 0, count: size) }
          let rowsOfCells = sharing[line]
          let place = (image * rows.count + rowsOfCells.lowerBound) * rowSize
          body(cells, line, target, rowsOfCells, place)
        }
      }
    }
  }

  /// For each row of the image the rows of cells that it lies in, which are neighbours.
  private var rowsOfCellsByRow: [Range<Int>] {
    (0..<images.height).map { row in
      let first = rows.firstIndex { $0.upperBound > row } ?? rows.count
      return first..<max(first, rows.firstIndex { $0.lowerBound > row } ?? rows.count)
    }
  }
}

/// y = the largest number of each cell of x, and where it is.
///
/// - Parameters:
///   - y: Shaped like `shape.result`.
///   - indices: The pixel that the number was taken from, row · width + column, as int32: the first one
///     in row-major order among equal ones. Shaped like `y`.
///   - x: Shaped like `shape.images`.
///   - shape: The cells.
public func cellMaxima(into y: Buffer, indices: Buffer, _ x: Buffer, shape: PoolingShape) {
  shape.check(large: x, small: y, "cellMaxima")
  precondition(
    indices.count == y.count, "cellMaxima: \(indices.count) indices for \(y.count) elements")
  let (target, places, source) = (y.floats, indices.integers, x.floats)
  shape.forEachRowOfCells { cells, rows, image, place in
    CKernels_cellMaxima(
      target + place, places + place, source + image, cells, Int64(rows.lowerBound),
      Int64(rows.count))
  }
}

/// dx = the gradient of the maxima's images, or dx += when `isAdding`: dy at the pixels they came from.
///
/// - Parameters:
///   - dx: Shaped like `shape.images`.
///   - isAdding: Whether to add to `dx`.
///   - dy: Shaped like `shape.result`.
///   - indices: What `cellMaxima` wrote.
///   - shape: The cells.
public func cellMaximaGradient(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, indices: Buffer, shape: PoolingShape
) {
  shape.check(large: dx, small: dy, "cellMaximaGradient")
  precondition(
    indices.count == dy.count,
    "cellMaximaGradient: \(indices.count) indices for \(dy.count) elements")
  let (source, places) = (dy.floats, indices.integers)
  shape.forEachRow(of: dx, isAdding: isAdding) { cells, row, target, rowsOfCells, place in
    CKernels_addAtMaxima(
      target, source + place, places + place, cells, Int64(row), Int64(rowsOfCells.count))
  }
}

/// y = the mean of each cell of x.
///
/// - Parameters:
///   - y: Shaped like `shape.result`.
///   - x: Shaped like `shape.images`.
///   - shape: The cells.
public func cellMeans(into y: Buffer, _ x: Buffer, shape: PoolingShape) {
  shape.check(large: x, small: y, "cellMeans")
  let (target, source) = (y.floats, x.floats)
  shape.forEachRowOfCells { cells, rows, image, place in
    CKernels_cellMeans(
      target + place, source + image, cells, Int64(rows.lowerBound), Int64(rows.count))
  }
}

/// dx = the gradient of the means' images, or dx += when `isAdding`.
///
/// - Parameters:
///   - dx: Shaped like `shape.images`.
///   - isAdding: Whether to add to `dx`.
///   - dy: Shaped like `shape.result`.
///   - shape: The cells.
public func cellMeansGradient(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, shape: PoolingShape
) {
  shape.check(large: dx, small: dy, "cellMeansGradient")
  let (source, rowSize) = (dy.floats, shape.columns.count * shape.images.channelCount)
  shape.forEachRow(of: dx, isAdding: isAdding) { cells, _, target, rowsOfCells, place in
    for (offset, rows) in shape.rows[rowsOfCells].enumerated() {
      CKernels_addMeans(target, source + place + offset * rowSize, cells, Int64(rows.count))
    }
  }
}
