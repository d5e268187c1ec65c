import CKernels

/// Blocks of tiles that are transformed and multiplied together.
///
/// As many as half of the second-level cache holds, within bounds: where there are many channels, fewer rows would
/// not be worth the weights that pass by for them, and a point's rows still stay in the cache.
struct TileBlocks {
  /// Tiles of a block.
  let size: Int
  let count: Int
  private let tileCount: Int

  /// Products take six rows at a time.
  private static let multiple = 6
  private static let smallest = 36
  private static let largest = 96
  /// Bytes of a core's second-level cache.
  static let cacheByteCount = Int(CKernels_secondLevelCacheSize())

  init(_ tiling: WinogradTiling) {
    tileCount = tiling.tileCount
    let rowByteCount =
      4 * tiling.variant.pointCount * (tiling.shape.inputCount + PanelLayout.width)
    let wanted = Self.cacheByteCount / 2 / rowByteCount / Self.multiple * Self.multiple
    size = min(tileCount, max(Self.smallest, min(wanted, Self.largest)))
    count = (tileCount + size - 1) / size
  }

  func tiles(of block: Int) -> Range<Int> { block * size..<min(tileCount, (block + 1) * size) }
}
