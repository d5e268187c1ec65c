import Foundation

/// A reserved range of addresses, of which pages are taken from the system as blocks need them.
///
/// Reserving costs nothing and does not count against limits of committed memory; what is reserved is
/// several times the machine's memory, so that one region does unless the address space is limited.
struct MemoryRegion: @unchecked Sendable {
  /// Pages are taken in units of this: the size of a large page.
  static let growth = 1 << 21

  private let base: UnsafeMutableRawPointer
  private let reservedByteCount: Int
  private var placement = BlockPlacement()
  /// Bytes that may be read and written.
  private(set) var committedByteCount = 0

  /// Reserves room for a block of at least `byteCount` bytes; nil when the system refuses.
  init?(holding byteCount: Int) {
    let least = Self.rounded(byteCount) + Self.growth
    var size = max(least, Self.rounded(4 * Int(clamping: ProcessInfo.processInfo.physicalMemory)))
    while true {
      let address = mmap(nil, size, PROT_NONE, Self.flags, -1, 0)
      if let address, address != MAP_FAILED {
        // From a boundary of large pages on.
        let start = Int(bitPattern: address)
        let lost = Self.rounded(start) - start
        base = address + lost
        reservedByteCount = size - lost
        break
      }
      guard size > least else { return nil }
      size = max(least, size / 2)
    }
    #if os(Linux)
      // Large activations otherwise miss the address cache on every pass.
      madvise(base, reservedByteCount, MADV_HUGEPAGE)
    #endif
  }

  /// Takes a block; nil when it does not fit or the system has no memory for it.
  mutating func take(_ size: Int) -> UnsafeMutableRawPointer? {
    let whole = reservedByteCount / Self.growth * Self.growth
    guard let offset = placement.take(size, limit: whole) else { return nil }
    let needed = Self.rounded(offset + size)
    if needed > committedByteCount {
      let added = needed - committedByteCount
      guard mprotect(base + committedByteCount, added, PROT_READ | PROT_WRITE) == 0 else {
        placement.give(offset..<offset + size)
        return nil
      }
      committedByteCount = needed
    }
    return base + offset
  }

  /// Whether a block is one of this region's.
  func contains(_ address: UnsafeMutableRawPointer) -> Bool {
    address >= base && address < base + reservedByteCount
  }

  /// Gives a block back.
  mutating func give(_ address: UnsafeMutableRawPointer, _ size: Int) {
    let offset = address - base
    placement.give(offset..<offset + size)
  }

  private static func rounded(_ byteCount: Int) -> Int {
    (byteCount + growth - 1) / growth * growth
  }

  private static var flags: Int32 {
    #if os(Linux)
      MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE)
    #else
      MAP_PRIVATE | MAP_ANON
    #endif
  }
}
