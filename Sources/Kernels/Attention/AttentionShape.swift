import CKernels

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
  /// Queries whose scores are held at a time.
  package let tiles: [Range<Int>]

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
    tiles = Self.tiles(of: counts)
  }

  /// Channels of all heads.
  var width: Int { headCount * headSize }

  /// One for each head of each sample.
  var taskCount: Int { batchCount * headCount }

  /// Factor of the scores.
  var scale: Float { 1 / Float(headSize).squareRoot() }

  /// Elements from one row of scores to the next.
  var scoreStride: Int {
    (keyCount + scoreBlock - 1) / scoreBlock * scoreBlock
  }

  /// Queries of the largest tile.
  var tileRowCount: Int { tiles.map(\.count).max() ?? 0 }

  /// The keys that some query of a tile sees.
  func seenCount(_ tile: Range<Int>) -> Int { Int(visibleKeyCounts[tile.upperBound - 1]) }

  private var scoreBlock: Int { Int(CKernelsScoreBlock) }

  /// Tiles of queries.
  ///
  /// Every tile packs its keys again, so that tiles are large; under a mask smaller ones skip more of
  /// the keys that are not seen. A tile is multiplied with every key that its last query sees: hence
  /// it ends early, but not before it is half full, where the queries that follow see far more.
  private static func tiles(of visible: [Int]) -> [Range<Int>] {
    let limit = visible.first == visible.last ? 128 : 64
    let jump = 32
    var tiles: [Range<Int>] = []
    var start = 0
    while start < visible.count {
      let bound = min(visible.count, start + limit)
      let end =
        (start + 1..<bound).last { row in
          row - start >= limit / 2 && visible[row] - visible[row - 1] >= jump
        } ?? bound
      tiles.append(start..<end)
      start = end
    }
    return tiles
  }
}
