public import Autodiff
import Foundation

/// The one home of rotary frequencies (Docs/Method.md, sections 3 and 6).
public enum RotaryPositions {
  /// Angles of two-dimensional positions.
  ///
  /// With head width D, the first D/4 pairs turn with the row and the other D/4 with the column, at
  /// frequencies base^(−2j/(D/2)).
  ///
  /// - Parameters:
  ///   - positions: Row and column of each token.
  ///   - headSize: Width of a head, a multiple of 4.
  ///   - base: Base of the frequencies.
  /// - Returns: The rotary table of `[positions.count, headSize / 2]` angles.
  public static func table(
    _ positions: [(row: Int, column: Int)], headSize: Int, base: Double
  ) -> RotaryTable {
    precondition(headSize % 4 == 0, "RotaryPositions: head width \(headSize) is no multiple of 4")
    let angles = angles(
      of: positions.map { (Double($0.row), Double($0.column)) }, headSize: headSize, base: base)
    return RotaryTable(angles: angles, tokenCount: positions.count, pairCount: headSize / 2)
  }

  /// Angles of a grid's cells at coordinates from -1 to 1, after tokens that do not turn.
  ///
  /// The centre of cell (r, c) lies at y = 2(r + ½)/rows − 1, x = 2(c + ½)/columns − 1. With head
  /// width D, the first D/4 pairs turn by 2πy/Tⱼ and the other D/4 by 2πx/Tⱼ, with periods
  /// Tⱼ = base^(4j/D); pairs are channels i and i + D/2. Source: Siméoni et al. 2025 (DINOv3).
  ///
  /// - Parameters:
  ///   - rows: Rows of the grid.
  ///   - columns: Columns of the grid; cells follow one another row by row.
  ///   - leadingCount: Tokens before the first cell, for instance class token and registers.
  ///   - headSize: Width of a head, a multiple of 4.
  ///   - base: Base of the periods.
  /// - Returns: The rotary table of `[leadingCount + rows * columns, headSize / 2]` angles.
  public static func centeredTable(
    rows: Int, columns: Int, leadingCount: Int, headSize: Int, base: Double = 100
  ) -> RotaryTable {
    precondition(headSize % 4 == 0, "RotaryPositions: head width \(headSize) is no multiple of 4")
    precondition(
      rows > 0 && columns > 0 && leadingCount >= 0,
      "RotaryPositions: \(leadingCount) tokens before \(rows) x \(columns) cells")
    func turns(_ index: Int, of count: Int) -> Double {
      2 * Double.pi * (2 * (Double(index) + 0.5) / Double(count) - 1)
    }
    let cells = grid(rows: rows, columns: columns, offset: 0).map {
      (turns($0.row, of: rows), turns($0.column, of: columns))
    }
    let still = [Double](repeating: 0, count: leadingCount * headSize / 2)
    return RotaryTable(
      angles: still + angles(of: cells, headSize: headSize, base: base),
      tokenCount: leadingCount + cells.count, pairCount: headSize / 2, pairing: .halves)
  }

  /// Angles of one-dimensional positions 0, 1, …, at frequencies base^(−2j/D).
  ///
  /// - Parameters:
  ///   - tokenCount: Number of positions.
  ///   - headSize: Width of a head, a multiple of 2.
  ///   - base: Base of the frequencies.
  /// - Returns: The rotary table of `[tokenCount, headSize / 2]` angles.
  public static func table(tokenCount: Int, headSize: Int, base: Double) -> RotaryTable {
    precondition(headSize % 2 == 0, "RotaryPositions: head width \(headSize) is odd")
    let frequencies = frequencies(width: headSize, base: base)
    let angles = (0..<tokenCount).flatMap { position in frequencies.map { Double(position) * $0 } }
    return RotaryTable(angles: angles, tokenCount: tokenCount, pairCount: headSize / 2)
  }

  /// Row and column of every cell of a grid, row-major, moved along the diagonal by `offset`.
  public static func grid(rows: Int, columns: Int, offset: Int) -> [(row: Int, column: Int)] {
    (0..<rows).flatMap { row in
      (0..<columns).map { column in (row: row + offset, column: column + offset) }
    }
  }

  /// `count` positions on the diagonal from `offset` on.
  public static func diagonal(count: Int, offset: Int) -> [(row: Int, column: Int)] {
    (0..<count).map { (row: $0 + offset, column: $0 + offset) }
  }

  /// Angles of two coordinates each, `[positions.count, headSize / 2]`.
  private static func angles(
    of positions: [(Double, Double)], headSize: Int, base: Double
  ) -> [Double] {
    let frequencies = frequencies(width: headSize / 2, base: base)
    return positions.flatMap { first, second in
      frequencies.map { first * $0 } + frequencies.map { second * $0 }
    }
  }

  private static func frequencies(width: Int, base: Double) -> [Double] {
    (0..<width / 2).map { pow(base, -Double(2 * $0) / Double(width)) }
  }
}
