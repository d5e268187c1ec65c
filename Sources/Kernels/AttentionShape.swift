/// Sizes of an attention and which keys its queries see.
public struct AttentionShape: Sendable {
  /// Samples.
  public let batchCount: Int
  /// Queries of a sample.
  public let queryCount: Int
  /// Keys of a sample.
  public let keyCount: Int
  /// Heads.
  public let headCount: Int
  /// Width of a head.
  public let headSize: Int
  /// The number of leading keys that each query sees; never decreasing.
  public let visibleKeyCounts: [Int32]

  /// Channels of all heads.
  public var width: Int { headCount * headSize }

  /// Creates a shape; every query sees every key when `visibleKeyCounts` is nil.
  public init(
    batchCount: Int, queryCount: Int, keyCount: Int, headCount: Int, headSize: Int,
    visibleKeyCounts: [Int]?
  ) {
    let counts = visibleKeyCounts ?? [Int](repeating: keyCount, count: queryCount)
    precondition(
      counts.count == queryCount && zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 }
        && counts.allSatisfy { $0 >= 1 && $0 <= keyCount },
      "AttentionShape: visible keys \(counts) of \(queryCount) queries and \(keyCount) keys")
    self.batchCount = batchCount
    self.queryCount = queryCount
    self.keyCount = keyCount
    self.headCount = headCount
    self.headSize = headSize
    self.visibleKeyCounts = counts.map(Int32.init)
  }

  /// Queries whose scores are held at a time.
  ///
  /// Every tile packs its keys again, so that tiles are large; under a mask smaller ones skip more
  /// of the keys that are not seen.
  var tileRowCount: Int { visibleKeyCounts.first == visibleKeyCounts.last ? 128 : 64 }

  var scale: Float { 1 / Float(headSize).squareRoot() }

  var tiles: [Range<Int>] {
    stride(from: 0, to: queryCount, by: tileRowCount).map {
      $0..<min(queryCount, $0 + tileRowCount)
    }
  }
}

/// A matrix of rows for all heads inside a buffer: where it begins and how far rows are apart.
public struct HeadRows: Sendable {
  /// The buffer.
  public let buffer: Buffer
  /// Elements before the first row.
  public let offset: Int
  /// Elements from one row to the next.
  public let stride: Int
  /// Rows from one sample to the next.
  public let sampleRowCount: Int

  /// Creates a view of rows.
  public init(_ buffer: Buffer, offset: Int, stride: Int, sampleRowCount: Int) {
    self.buffer = buffer
    self.offset = offset
    self.stride = stride
    self.sampleRowCount = sampleRowCount
  }

  func start(sample: Int, row: Int, column: Int) -> UnsafeMutablePointer<Float> {
    buffer.floats + offset + (sample * sampleRowCount + row) * stride + column
  }
}

/// Copies `rowCount` rows of `columnCount` elements from the start of one view to that of another.
public func copyRows(into y: HeadRows, _ x: HeadRows, rowCount: Int, columnCount: Int) {
  for row in 0..<rowCount {
    y.start(sample: 0, row: row, column: 0)
      .update(from: x.start(sample: 0, row: row, column: 0), count: columnCount)
  }
}
