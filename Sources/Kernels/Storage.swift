import Foundation
import Synchronization

/// A block of memory from the caching pool; it goes back to the pool with its last reference.
///
/// The start is aligned to 64 bytes, a cache line and the widest vector.
public final class Storage: @unchecked Sendable {
  let address: UnsafeMutableRawPointer
  /// Bytes of the block: the requested number rounded up to the pool's size class.
  public let byteCount: Int

  /// Takes a block of at least `byteCount` bytes, with any content.
  public init(byteCount: Int) {
    precondition(byteCount >= 0, "Storage: byteCount \(byteCount) is negative")
    self.byteCount = StoragePool.sizeClass(of: byteCount)
    address = StoragePool.shared.take(self.byteCount)
  }

  deinit { StoragePool.shared.give(address, byteCount) }
}

/// What the pool has taken from the system so far.
public struct StorageStatistics: Sendable, Equatable {
  /// Bytes that were taken from the system and not given back.
  public var systemByteCount = 0
  /// How often memory was taken from the system.
  public var systemAllocationCount = 0
  /// Bytes in blocks that are in use now.
  public var liveByteCount = 0
  /// The largest `liveByteCount` so far.
  public var peakByteCount = 0

  /// The statistics of the process's pool.
  public static var current: StorageStatistics { StoragePool.shared.statistics }
}

/// Free blocks by size class.
///
/// A training step repeats its sizes, so that after the first one every request is met from here and
/// no page is taken from the system, or touched for the first time.
final class StoragePool: Sendable {
  static let shared = StoragePool()

  private struct State {
    var free: [Int: [Address]] = [:]
    var statistics = StorageStatistics()
  }

  /// An address that may cross threads: the block behind it has one owner at a time.
  private struct Address: @unchecked Sendable { let pointer: UnsafeMutableRawPointer }

  private let state = Mutex(State())

  var statistics: StorageStatistics { state.withLock { $0.statistics } }

  /// Rounds up to an eighth of the next lower power of two, so that at most an eighth is wasted.
  static func sizeClass(of byteCount: Int) -> Int {
    guard byteCount > 512 else { return max(64, (byteCount + 63) & ~63) }
    let step = 1 << (Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount - 3)
    return (byteCount + step - 1) / step * step
  }

  func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let cached = state.withLock { state -> Address? in
      state.statistics.liveByteCount += byteCount
      state.statistics.peakByteCount = max(
        state.statistics.peakByteCount, state.statistics.liveByteCount)
      if let block = state.free[byteCount]?.popLast() { return block }
      state.statistics.systemByteCount += byteCount
      state.statistics.systemAllocationCount += 1
      return nil
    }
    return cached?.pointer ?? Self.allocate(byteCount)
  }

  func give(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) {
    let block = Address(pointer: pointer)
    state.withLock { state in
      state.statistics.liveByteCount -= byteCount
      state.free[byteCount, default: []].append(block)
    }
  }

  private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    var pointer: UnsafeMutableRawPointer?
    let alignment = byteCount >= 1 << 21 ? 1 << 21 : 64
    let status = posix_memalign(&pointer, alignment, byteCount)
    guard status == 0, let pointer else {
      preconditionFailure("Storage: out of memory: \(byteCount) bytes were refused (\(status))")
    }
    #if os(Linux)
      // 2 MiB pages: large activations otherwise miss the address cache on every pass.
      if byteCount >= 1 << 21 { madvise(pointer, byteCount, MADV_HUGEPAGE) }
    #endif
    return pointer
  }
}
