/// The levels of a sequence of latent tokens, coarse to fine (Docs/Method.md, section 1).
///
/// `count` tokens form levels of 1, 1, 2, 4, …, count/2 tokens; a level covers the image with a
/// grid of cells.
public struct LevelStructure: Sendable, Equatable {
  /// Rows and columns of a level's grid.
  public struct Grid: Sendable, Equatable {
    /// Cells along the height.
    public let rows: Int
    /// Cells along the width.
    public let columns: Int

    /// Creates a grid.
    public init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
    }
  }

  /// Number of tokens.
  public let count: Int
  /// Tokens of each level, coarse to fine: [1, 1, 2, 4, …].
  public let sizes: [Int]

  /// The structure of `count` tokens, which is one of `allowedCounts`.
  public init(count: Int) {
    precondition(
      Self.allowedCounts.contains(count),
      "LevelStructure: \(count) tokens have no levels; allowed: \(Self.allowedCounts)")
    self.count = count
    var sizes = [1]
    while sizes.reduce(0, +) < count { sizes.append(sizes.reduce(0, +)) }
    self.sizes = sizes
  }

  /// Token counts that have a structure: powers of two with a grid for every level.
  public static let allowedCounts = [2, 4, 8, 16, 32, 64, 128, 256]

  /// Tokens of the first level, the first two levels, …: [1, 2, 4, …, count].
  public var prefixLengths: [Int] {
    var total = 0
    return sizes.map { size in
      total += size
      return total
    }
  }

  /// The token range of each level.
  public var ranges: [Range<Int>] { zip(prefixLengths, sizes).map { $0 - $1..<$0 } }

  /// The grid of each level.
  public var grids: [Grid] { sizes.map(Self.grid(of:)) }

  /// The grid that `tokenCount` tokens of one level cover the image with.
  ///
  /// 1×1, 1×2, 2×2, 2×4, and so on.
  public static func grid(of tokenCount: Int) -> Grid {
    var grid = Grid(rows: 1, columns: 1)
    while grid.rows * grid.columns < tokenCount {
      grid =
        grid.rows == grid.columns
        ? Grid(rows: grid.rows, columns: 2 * grid.columns)
        : Grid(rows: 2 * grid.rows, columns: grid.columns)
    }
    return grid
  }
}
