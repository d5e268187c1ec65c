import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct BlockPlacementTests {
  private static let page = BlockPlacement.granularity

  /// Takes and gives at random; no two blocks overlap, none leaves the range.
  @Test(arguments: 1...5) func blocksNeverOverlap(seed: UInt64) {
    var numbers = TestNumbers(seed: seed)
    var placement = BlockPlacement()
    var blocks: [Range<Int>] = []
    for _ in 0..<2000 {
      if numbers.next() % 5 < 3 {
        let size = Self.page * Int(1 + numbers.next() % 40)
        guard let start = placement.take(size, limit: Int.max) else {
          Issue.record("\(size) bytes were refused")
          return
        }
        let block = start..<start + size
        #expect(block.upperBound <= placement.byteCount)
        #expect(!blocks.contains { $0.overlaps(block) })
        blocks.append(block)
      } else if !blocks.isEmpty {
        placement.give(blocks.remove(at: Int(numbers.next() % UInt64(blocks.count))))
      }
      let takenByteCount = blocks.reduce(0) { $0 + $1.count }
      #expect(placement.freeByteCount + takenByteCount == placement.byteCount)
    }
    for block in blocks { placement.give(block) }
    #expect(placement.take(placement.byteCount, limit: Int.max) == 0)
  }

  /// A step of many sizes does not grow the range when it is repeated.
  @Test func aRepeatedStepNeedsNothingNew() {
    var placement = BlockPlacement()
    func step() {
      var numbers = TestNumbers(seed: 11)
      var blocks: [Range<Int>] = []
      for _ in 0..<500 {
        let size = Self.page * Int(1 + numbers.next() % 64)
        if let start = placement.take(size, limit: Int.max) { blocks.append(start..<start + size) }
        if numbers.next() % 3 == 0 { placement.give(blocks.removeFirst()) }
      }
      for block in blocks.reversed() { placement.give(block) }
    }
    step()
    let byteCount = placement.byteCount
    for _ in 0..<3 { step() }
    #expect(placement.byteCount == byteCount)
  }

  @Test func theSmallestRunThatHoldsABlockIsTaken() {
    var placement = BlockPlacement()
    let page = Self.page
    let starts = [3, 1, 2, 1, 4].compactMap { placement.take($0 * page, limit: Int.max) }
    #expect(starts.map { $0 / page } == [0, 3, 4, 6, 7])
    placement.give(0..<3 * page)
    placement.give(4 * page..<6 * page)
    #expect(placement.take(2 * page, limit: Int.max) == 4 * page)
    #expect(placement.take(page, limit: Int.max) == 0)
    // The neighbours join, and a run at the end grows.
    placement.give(7 * page..<11 * page)
    placement.give(6 * page..<7 * page)
    #expect(placement.take(8 * page, limit: 13 * page) == nil)
    #expect(placement.take(8 * page, limit: 14 * page) == 6 * page)
    #expect(placement.byteCount == 14 * page)
  }

  @Test func givingTwiceIsRefused() async {
    await #expect(processExitsWith: .failure) {
      var placement = BlockPlacement()
      _ = placement.take(4096, limit: Int.max)
      placement.give(0..<4096)
      placement.give(0..<4096)
    }
  }

  /// In a process of its own, whose address space is limited.
  @Test func memoryIsFoundWhereTheAddressSpaceIsSmall() async {
    await #expect(processExitsWith: .success) {
      var limit = rlimit(rlim_cur: 6 << 30, rlim_max: 6 << 30)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      var blocks: [Buffer] = []
      for round in 0..<3 {
        blocks.append(Buffer(.float32, count: 200 << 20))
        blocks[round].copy(from: blocks[0])
      }
      let statistics = StorageStatistics.current
      #expect(statistics.liveByteCount == 3 * 800 << 20)
      blocks.removeAll()
      blocks.append(Buffer(.float32, count: 200 << 20))
      #expect(StorageStatistics.current.systemByteCount == statistics.systemByteCount)
    }
  }
}
