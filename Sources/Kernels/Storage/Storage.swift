import Foundation
import Synchronization

/// A block of memory from the caching pool; it goes back to the pool with its last reference.
///
/// The start is aligned to 64 bytes, a cache line and the widest vector.
public final class Storage: @unchecked Sendable {
  let address: UnsafeMutableRawPointer
  /// Bytes of the block: the requested number rounded up as the pool needs it.
  public let byteCount: Int

  /// Takes a block of at least `byteCount` bytes, with any content.
  public init(byteCount: Int) {
    precondition(byteCount >= 0, "Storage: byteCount \(byteCount) is negative")
    self.byteCount = SizeClass.byteCount(for: byteCount)
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

/// Free memory: small blocks by size class, large ones in regions of addresses.
///
/// A training step repeats its sizes, so that after the first ones every request is met from here and
/// no page is taken from the system, or touched for the first time.
final class StoragePool: Sendable {
  static let shared = StoragePool()

  private struct State {
    /// By the index of their size class.
    var free = [[Address]](repeating: [], count: SizeClass.smallCount)
    var regions: [MemoryRegion] = []
    var statistics = StorageStatistics()
  }

  /// An address that may cross threads: the block behind it has one owner at a time.
  private struct Address: @unchecked Sendable { let pointer: UnsafeMutableRawPointer }

  private let state = Mutex(State())

  var statistics: StorageStatistics { state.withLock { $0.statistics } }

  func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let taken = state.withLock { state -> Address? in
      state.statistics.liveByteCount += byteCount
      state.statistics.peakByteCount = max(
        state.statistics.peakByteCount, state.statistics.liveByteCount)
      return byteCount < SizeClass.largeByteCount
        ? Self.takeSmall(byteCount, &state) : Self.takeLarge(byteCount, &state)
    }
    guard let taken else {
      preconditionFailure("Storage: out of memory: \(byteCount) bytes were refused")
    }
    return taken.pointer
  }

  func give(_ pointer: UnsafeMutableRawPointer, _ byteCount: Int) {
    let block = Address(pointer: pointer)
    state.withLock { state in
      state.statistics.liveByteCount -= byteCount
      if byteCount < SizeClass.largeByteCount {
        state.free[SizeClass.index(of: byteCount)].append(block)
      } else if let index = state.regions.firstIndex(where: { $0.contains(block.pointer) }) {
        state.regions[index].give(block.pointer, byteCount)
      }
    }
  }

  private static func takeSmall(_ byteCount: Int, _ state: inout State) -> Address? {
    if let block = state.free[SizeClass.index(of: byteCount)].popLast() { return block }
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, 64, byteCount) == 0, let pointer else { return nil }
    state.statistics.countFromSystem(byteCount)
    return Address(pointer: pointer)
  }

  private static func takeLarge(_ byteCount: Int, _ state: inout State) -> Address? {
    for index in state.regions.indices {
      let before = state.regions[index].committedByteCount
      guard let pointer = state.regions[index].take(byteCount) else { continue }
      let added = state.regions[index].committedByteCount - before
      if added > 0 { state.statistics.countFromSystem(added) }
      return Address(pointer: pointer)
    }
    guard var region = MemoryRegion(holding: byteCount), let pointer = region.take(byteCount)
    else { return nil }
    state.statistics.countFromSystem(region.committedByteCount)
    state.regions.append(region)
    return Address(pointer: pointer)
  }
}

extension StorageStatistics {
  fileprivate mutating func countFromSystem(_ byteCount: Int) {
    systemByteCount += byteCount
    systemAllocationCount += 1
  }
}
