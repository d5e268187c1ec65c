import CKernels

/// One of Winograd's minimal filtering algorithms F(m×n, 3×3).
///
/// A tile of m×n pixels takes (m + 2)·(n + 2) multiplications for each pair of channels, instead of 9·m·n.
public struct WinogradVariant: Sendable, Hashable, CustomStringConvertible {
  /// Rows of a tile: 2 or 4.
  public let tileHeight: Int
  /// Columns of a tile: 2 or 4.
  public let tileWidth: Int

  /// 2.25 times fewer multiplications, with the error of the direct sum.
  public static let f2x2 = WinogradVariant(tileHeight: 2, tileWidth: 2)
  /// 3 times fewer.
  public static let f2x4 = WinogradVariant(tileHeight: 2, tileWidth: 4)
  /// 4 times fewer, with 1.5 to 3 times the error of the direct sum (Docs/Numerics.md).
  public static let f4x4 = WinogradVariant(tileHeight: 4, tileWidth: 4)

  private init(tileHeight: Int, tileWidth: Int) {
    (self.tileHeight, self.tileWidth) = (tileHeight, tileWidth)
  }

  /// The name in papers, `F(4×4)`.
  public var description: String { "F(\(tileHeight)×\(tileWidth))" }

  /// Points at which a tile, a patch and a kernel are known.
  var pointCount: Int { (tileHeight + 2) * (tileWidth + 2) }

  /// Pairs of points ±p along the rows, as C takes them.
  var rowPairCount: Int32 { Int32(tileHeight / 2) }
  /// Pairs of points ±p along the columns, as C takes them.
  var columnPairCount: Int32 { Int32(tileWidth / 2) }
}
