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
    let frequencies = frequencies(width: headSize / 2, base: base)
    let angles = positions.flatMap { position in
      frequencies.map { Double(position.row) * $0 }
        + frequencies.map { Double(position.column) * $0 }
    }
    return RotaryTable(angles: angles, tokenCount: positions.count, pairCount: headSize / 2)
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

  private static func frequencies(width: Int, base: Double) -> [Double] {
    (0..<width / 2).map { pow(base, -Double(2 * $0) / Double(width)) }
  }
}
