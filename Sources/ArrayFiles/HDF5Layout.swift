/// How a dataset's elements lie in an HDF5 file.
public enum HDF5Layout: Sendable, Hashable {
  /// In one run, without checksums.
  case contiguous
  /// In chunks of about 1 MiB of whole rows, each with a Fletcher-32 checksum.
  case chunked
  /// In chunks of a given shape, each with a Fletcher-32 checksum.
  case chunks([Int])

  /// The shape of the chunks for an array of elements of so many bytes, or nil where it lies in one
  /// run.
  ///
  /// HDF5 has no chunks for scalars and for empty arrays; those always lie in one run.
  func chunkShape(shape: [Int], byteCount: Int) -> [Int]? {
    guard !shape.isEmpty, !shape.contains(0) else { return nil }
    switch self {
    case .contiguous: return nil
    case .chunks(let chunk): return zip(chunk, shape).map { min($0, $1) }
    case .chunked: return Self.automaticChunkShape(shape: shape, byteCount: byteCount)
    }
  }

  /// Splits the leading axes until a chunk has at most 1 MiB, into parts of nearly equal size.
  private static func automaticChunkShape(shape: [Int], byteCount: Int) -> [Int] {
    let target = 1 << 20
    var chunk = shape
    for axis in shape.indices {
      let rowSize = chunk[(axis + 1)...].reduce(byteCount, *)
      let rowCount = max(1, target / rowSize)
      if rowCount >= shape[axis] { break }
      let partCount = (shape[axis] + rowCount - 1) / rowCount
      chunk[axis] = (shape[axis] + partCount - 1) / partCount
      if rowSize <= target { break }
    }
    return chunk
  }
}
