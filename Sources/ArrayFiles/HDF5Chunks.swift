/// The chunks of a dataset that are runs of its elements in row-major order.
///
/// Axes before one are split into single rows, that one into parts, and those after it are whole.
struct HDF5Chunks {
  /// A chunk.
  struct Chunk {
    /// The indices of its first element.
    let start: [Int]
    /// Its elements among the bytes of the dataset; fewer than a chunk has at the end of an axis.
    let bytes: Range<Int>
  }

  /// Bytes of a chunk.
  let byteCount: Int
  private let shape: [Int]
  /// The axis that is split into parts.
  private let axis: Int
  /// Rows of a part.
  private let partSize: Int
  /// Bytes of a row.
  private let rowByteCount: Int

  /// The chunks of a dataset; nil where they are no runs.
  init?(shape: [Int], chunkShape: [Int]?, elementByteCount: Int) {
    guard let chunkShape, !shape.contains(0), zip(chunkShape, shape).allSatisfy(<=) else {
      return nil
    }
    let axis = shape.indices.last { chunkShape[$0] != shape[$0] } ?? 0
    guard chunkShape[..<axis].allSatisfy({ $0 == 1 }) else { return nil }
    self.shape = shape
    self.axis = axis
    partSize = chunkShape[axis]
    rowByteCount = shape[(axis + 1)...].reduce(elementByteCount, *)
    byteCount = partSize * rowByteCount
  }

  /// The number of chunks.
  var count: Int { shape[..<axis].reduce(partCount, *) }

  /// The chunk of a place in row-major order.
  subscript(index: Int) -> Chunk {
    let (row, part) = index.quotientAndRemainder(dividingBy: partCount)
    var start = [Int](repeating: 0, count: shape.count)
    var rest = row
    for outer in (0..<axis).reversed() {
      (rest, start[outer]) = rest.quotientAndRemainder(dividingBy: shape[outer])
    }
    start[axis] = part * partSize
    let begin = row * shape[axis] + start[axis]
    let end = row * shape[axis] + min(start[axis] + partSize, shape[axis])
    return Chunk(start: start, bytes: begin * rowByteCount..<end * rowByteCount)
  }

  /// Parts of the axis that is split.
  private var partCount: Int { (shape[axis] + partSize - 1) / partSize }
}
