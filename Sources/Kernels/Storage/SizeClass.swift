/// The sizes of the pool's blocks.
///
/// Small sizes are rounded up to an eighth of the next lower power of two, so that at most an eighth is
/// wasted, large ones to whole pages.
package enum SizeClass {
  /// From this size on blocks lie in regions.
  package static let largeByteCount = 1 << 18
  /// Up to this size the classes are the multiples of 64.
  private static let linearByteCount = 512
  /// Classes of a doubling of the size beyond that.
  private static let stepCount = 8

  /// The size of a block for so many bytes.
  package static func byteCount(for byteCount: Int) -> Int {
    guard byteCount > linearByteCount else { return max(64, (byteCount + 63) & ~63) }
    guard byteCount < largeByteCount else { return BlockPlacement.blockSize(of: byteCount) }
    let step = (1 << exponent(byteCount)) / stepCount
    return (byteCount + step - 1) / step * step
  }

  /// The place of a small size, which is that of a block, among all of them.
  package static func index(of byteCount: Int) -> Int {
    guard byteCount > linearByteCount else { return byteCount / 64 }
    let power = 1 << exponent(byteCount)
    let doublingCount = exponent(byteCount) - exponent(linearByteCount + 1)
    return linearByteCount / 64 + stepCount * doublingCount
      + (byteCount - power) * stepCount / power
  }

  /// More than any index.
  package static let smallCount = index(of: largeByteCount) + 1

  /// The largest e with 2^e < byteCount.
  private static func exponent(_ byteCount: Int) -> Int {
    Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount
  }
}
