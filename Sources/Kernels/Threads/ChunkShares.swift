import CKernels

/// Shares of a sum over rows, one a chunk of rows, added in chunk order.
///
/// The chunks do not depend on the number of threads, hence the bits of the sum do not either.
struct ChunkShares {
  private let rowCount: Int
  private let chunkSize: Int
  private let width: Int
  private let chunkCount: Int
  private let shares: Buffer

  init(rowCount: Int, chunkSize: Int, width: Int) {
    self.rowCount = rowCount
    self.chunkSize = chunkSize
    self.width = width
    chunkCount = (rowCount + chunkSize - 1) / chunkSize
    shares = Buffer(.float32, count: chunkCount * width)
  }

  /// Calls `body` on every chunk with its share, which begins as zero.
  func compute(_ body: (_ share: UnsafeMutablePointer<Float>, _ range: Range<Int>) -> Void) {
    compute(with: {}) { share, range, _ in body(share, range) }
  }

  /// The same with working memory, which each thread makes for itself.
  func compute<Scratch>(
    with makeScratch: () -> Scratch,
    _ body: (_ share: UnsafeMutablePointer<Float>, _ range: Range<Int>, _ scratch: Scratch) -> Void
  ) {
    let start = shares.floats
    parallelFor(chunkCount, with: makeScratch) { chunk, scratch in
      let share = start + chunk * width
      share.update(repeating: 0, count: width)
      body(share, chunk * chunkSize..<min(rowCount, (chunk + 1) * chunkSize), scratch)
    }
  }

  /// Writes, or adds, columns `offset ..< offset + target.count` of the sum.
  func add(into target: Buffer, from offset: Int, isAdding: Bool) {
    precondition(
      offset + target.count <= width,
      "ChunkShares: columns \(offset)..<\(offset + target.count) of \(width)")
    let (sum, start) = (target.floats, shares.floats + offset)
    if !isAdding { sum.update(repeating: 0, count: target.count) }
    for chunk in 0..<chunkCount {
      CKernels_add(sum, sum, start + chunk * width, Int64(target.count))
    }
  }
}
