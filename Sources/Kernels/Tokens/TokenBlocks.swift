import CKernels

/// Elements that one task copies.
private let copiedPieceSize = 16_384

/// A row of blocks inside a buffer: block b begins at `offset + b · stride`.
///
/// A stride of 0 repeats one block.
public struct BlockRow: Sendable {
  let buffer: Buffer
  let offset: Int
  let stride: Int

  /// Places blocks in `buffer`.
  public init(_ buffer: Buffer, offset: Int = 0, stride: Int) {
    self.buffer = buffer
    self.offset = offset
    self.stride = stride
  }

  func check(_ blockCount: Int, _ blockSize: Int, _ name: String) {
    let end = offset + (blockCount - 1) * stride + blockSize
    precondition(
      offset >= 0 && stride >= 0 && (blockCount == 0 || end <= buffer.count),
      """
      copyBlocks: \(blockCount) blocks of \(blockSize) from \(offset) by \(stride) leave the \
      \(buffer.count) elements of \(name)
      """)
  }
}

/// Copies (or adds) `blockCount` blocks of `blockSize` contiguous elements from `x` to `y`.
public func copyBlocks(
  into y: BlockRow, from x: BlockRow, blockCount: Int, blockSize: Int, isAdding: Bool = false
) {
  y.check(blockCount, blockSize, "y")
  x.check(blockCount, blockSize, "x")
  let (target, source) = (y.buffer.floats + y.offset, x.buffer.floats + x.offset)
  let pieceCount = max(1, (blockSize + copiedPieceSize - 1) / copiedPieceSize)
  let grain = max(1, copiedPieceSize / max(1, min(blockSize, copiedPieceSize)))
  parallelFor(blockCount * pieceCount, grain: grain) { indices in
    for index in indices {
      let (block, piece) = index.quotientAndRemainder(dividingBy: pieceCount)
      let begin = piece * copiedPieceSize
      let count = min(copiedPieceSize, blockSize - begin)
      let (to, from) = (target + block * y.stride + begin, source + block * x.stride + begin)
      if isAdding {
        CKernels_add(to, to, from, Int64(count))
      } else {
        to.update(from: from, count: count)
      }
    }
  }
}

/// Sets `blockCount` blocks of `blockSize` contiguous elements to 0.
public func zeroBlocks(_ y: BlockRow, blockCount: Int, blockSize: Int) {
  y.check(blockCount, blockSize, "y")
  let target = y.buffer.floats + y.offset
  parallelFor(blockCount, grain: max(1, copiedPieceSize / max(1, blockSize))) { blocks in
    for block in blocks {
      (target + block * y.stride).update(repeating: 0, count: blockSize)
    }
  }
}

/// y = x with a row of `rows` added to some of its rows.
///
/// - Parameters:
///   - y: `[rowCount, channelCount]`; may be `x`.
///   - x: As many elements.
///   - rows: Buffers of channelCount elements.
///   - rowOfToken: For the rows of one period, the index in `rows`; nil adds nothing.
///   - channelCount: Elements of a row.
public func addTokenRows(
  into y: Buffer, _ x: Buffer, rows: [Buffer], rowOfToken: [Int?], channelCount: Int
) {
  let period = rowOfToken.count
  precondition(
    y.count == x.count && rows.allSatisfy { $0.count == channelCount }
      && (x.count == 0 || x.count % (period * channelCount) == 0),
    "addTokenRows: \(y.count) and \(x.count) elements, period \(period), \(channelCount) channels")
  let (target, source) = (y.floats, x.floats)
  let addends = rows.map(\.floats)
  let rowCount = channelCount == 0 ? 0 : x.count / channelCount
  parallelFor(rowCount, grain: max(1, elementGrain / max(1, channelCount))) { range in
    for row in range {
      let (to, from) = (target + row * channelCount, source + row * channelCount)
      if let index = rowOfToken[row % period] {
        CKernels_add(to, from, addends[index], Int64(channelCount))
      } else if to != from {
        to.update(from: from, count: channelCount)
      }
    }
  }
}

/// y[c] = Σ x[row, c] over the rows of `rowRanges` (or that added to y), summed in double precision.
///
/// Partial sums over fixed groups of rows are combined in order: the bits do not depend on the number
/// of threads.
///
/// - Parameters:
///   - y: `[columnCount]`.
///   - x: `[…, columnCount]`.
///   - rowRanges: Which rows.
///   - isAdding: Whether the sums are added to `y`.
public func sumTokenRows(into y: Buffer, of x: Buffer, rowRanges: [Range<Int>], isAdding: Bool) {
  let columnCount = y.count
  let rowCount = columnCount == 0 ? 0 : x.count / columnCount
  precondition(
    rowRanges.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= rowCount },
    "sumTokenRows: \(rowRanges) is not inside \(rowCount) rows of \(columnCount)")
  let groups = grouped(rowRanges)
  let (target, source) = (y.floats, x.floats)
  let scratch = Storage(byteCount: max(1, groups.count) * columnCount * MemoryLayout<Double>.size)
  let partials = scratch.address.bindMemory(
    to: Double.self, capacity: max(1, groups.count) * columnCount)
  withExtendedLifetime(scratch) {
    let tileCount = (columnCount + summedTileSize - 1) / summedTileSize
    let work = columnCount * groups.joined().reduce(0) { $0 + $1.count }
    let taskCount = max(1, groups.count) * tileCount
    let grain = work < 2 * elementGrain ? taskCount : 1
    parallelFor(taskCount, grain: grain) { tasks in
      for task in tasks {
        let (group, tile) = task.quotientAndRemainder(dividingBy: tileCount)
        let begin = tile * summedTileSize
        let count = min(summedTileSize, columnCount - begin)
        let totals = partials + group * columnCount + begin
        totals.update(repeating: 0, count: count)
        for rows in group < groups.count ? groups[group] : [] {
          CKernels_addToTotals(
            totals, source + rows.lowerBound * columnCount + begin, Int64(rows.count),
            Int64(columnCount), Int64(count))
        }
      }
    }
    combine(partials, groupCount: groups.count, into: target, columnCount, isAdding)
  }
}

/// Rows that are summed before the sum goes to memory.
private let summedGroupSize = 128
/// Columns that are summed together.
private let summedTileSize = 4096

/// Consecutive ranges with at most `summedGroupSize` rows together; longer ones are cut.
private func grouped(_ ranges: [Range<Int>]) -> [[Range<Int>]] {
  var groups: [[Range<Int>]] = []
  var space = 0
  for range in ranges {
    var rest = range
    while !rest.isEmpty {
      if space == 0 {
        groups.append([])
        space = summedGroupSize
      }
      let part = rest.prefix(space)
      groups[groups.count - 1].append(part)
      space -= part.count
      rest = part.upperBound..<rest.upperBound
    }
  }
  return groups
}

/// Adds the partial sums of later groups to the first one's, in order, and stores the totals.
private func combine(
  _ partials: UnsafeMutablePointer<Double>, groupCount: Int,
  into target: UnsafeMutablePointer<Float>, _ columnCount: Int, _ isAdding: Bool
) {
  parallelFor(columnCount, grain: max(16, elementGrain / max(1, groupCount))) { columns in
    for group in 1..<max(1, groupCount) {
      let addend = partials + group * columnCount
      for column in columns { partials[column] += addend[column] }
    }
    CKernels_storeTotals(
      target + columns.lowerBound, partials + columns.lowerBound, isAdding ? 1 : 0,
      Int64(columns.count))
  }
}

/// y[b, c, n] = x[b, n, c], or that added to y.
///
/// - Parameters:
///   - y: `[batchCount, columnCount, rowCount]`.
///   - x: `[batchCount, rowCount, columnCount]`.
///   - batchCount: Number of matrices.
///   - rowCount: Rows of a matrix of x.
///   - columnCount: Columns of a matrix of x.
///   - isAdding: Whether the result is added to `y`.
public func transposeMatrices(
  into y: Buffer, _ x: Buffer, batchCount: Int, rowCount: Int, columnCount: Int,
  isAdding: Bool = false
) {
  let size = rowCount * columnCount
  precondition(
    y.count == x.count && x.count == batchCount * size,
    "transposeMatrices: \(y.count) and \(x.count) for \(batchCount)×\(rowCount)×\(columnCount)")
  let (target, source) = (y.floats, x.floats)
  let bandCount = (rowCount + 15) / 16
  let grain = max(1, elementGrain / max(1, 16 * columnCount))
  parallelFor(batchCount * bandCount, grain: grain) { bands in
    for index in bands {
      let (matrix, band) = index.quotientAndRemainder(dividingBy: bandCount)
      CKernels_transpose(
        target + matrix * size, source + matrix * size, Int64(band * 16),
        Int64(min(rowCount, (band + 1) * 16)), Int64(rowCount), Int64(columnCount),
        isAdding ? 1 : 0)
    }
  }
}
