/// Places blocks in a range of offsets that grows when nothing fits.
///
/// A block goes into the smallest free run that holds it, the first one on ties, and freed neighbours
/// join. So blocks of one part of a step serve any other sizes in the next, and a step that repeats
/// its sizes finds the same places again.
package struct BlockPlacement {
  /// Offsets at which blocks may begin are multiples of this: a page of memory.
  package static let granularity = 4096

  /// Bytes of the range so far.
  package private(set) var byteCount = 0
  /// Free runs in order; there is a block between any two.
  private var freeRuns: [Range<Int>] = []

  /// An empty range.
  package init() {}

  /// Bytes of all free runs.
  package var freeByteCount: Int { freeRuns.reduce(0) { $0 + $1.count } }

  /// The size of a block for `byteCount` bytes.
  package static func blockSize(of byteCount: Int) -> Int {
    (byteCount + granularity - 1) / granularity * granularity
  }

  /// Takes a run of `size` bytes.
  ///
  /// - Parameters:
  ///   - size: A `blockSize`.
  ///   - limit: What the range may grow to.
  /// - Returns: Where the block begins; nil when the range would have to grow beyond the limit.
  package mutating func take(_ size: Int, limit: Int) -> Int? {
    var best: Int?
    for (index, run) in freeRuns.enumerated() where run.count >= size {
      if best.map({ run.count < freeRuns[$0].count }) ?? true { best = index }
    }
    if let best {
      let run = freeRuns[best]
      if run.count == size {
        freeRuns.remove(at: best)
      } else {
        freeRuns[best] = run.lowerBound + size..<run.upperBound
      }
      return run.lowerBound
    }
    // The range grows from the free run at its end, if there is one.
    let last = freeRuns.last.flatMap { $0.upperBound == byteCount ? $0 : nil }
    let start = last?.lowerBound ?? byteCount
    guard start + size <= limit else { return nil }
    if last != nil { freeRuns.removeLast() }
    byteCount = start + size
    return start
  }

  /// Gives a run back.
  package mutating func give(_ block: Range<Int>) {
    var (low, high) = (0, freeRuns.count)
    while low < high {
      let middle = (low + high) / 2
      if freeRuns[middle].lowerBound < block.lowerBound { low = middle + 1 } else { high = middle }
    }
    precondition(
      (low == 0 || freeRuns[low - 1].upperBound <= block.lowerBound)
        && (low == freeRuns.count || block.upperBound <= freeRuns[low].lowerBound)
        && block.upperBound <= byteCount,
      "BlockPlacement: \(block) is given back, but is not taken")
    var joined = block
    if low < freeRuns.count, freeRuns[low].lowerBound == block.upperBound {
      joined = joined.lowerBound..<freeRuns[low].upperBound
      freeRuns.remove(at: low)
    }
    if low > 0, freeRuns[low - 1].upperBound == block.lowerBound {
      freeRuns[low - 1] = freeRuns[low - 1].lowerBound..<joined.upperBound
    } else {
      freeRuns.insert(joined, at: low)
    }
  }
}
