import DataParallel
import MessagePassing
import Testing

struct LaneSumTests {
  /// Numbers of many sizes, so that another order of addition shows in the bits.
  private func gradient(of lane: Int) -> [Float] {
    (0..<16).map { index in
      let bits = UInt64(lane &* 16 &+ index &+ 1) &* 0x9E37_79B9_7F4A_7C15
      return Float(Int64(bitPattern: bits) >> Int64(bits % 40)) * 1e-9
    }
  }

  private func sum(_ left: [Float], _ right: [Float]) -> [Float] {
    zip(left, right).map { $0 + $1 }
  }

  private func laneSum(_ lanes: Range<Int>) -> [Float] {
    var sum = LaneSum<[Float]>(laneCount: lanes.count) { left, right in
      left = self.sum(left, right)
    }
    for lane in lanes { sum.push(gradient(of: lane)) }
    return sum.takeResult()
  }

  private func canonicalSum(_ laneCount: Int) -> [Float] {
    CanonicalTree.fold(leafCount: laneCount, leaf: gradient, join: sum)
  }

  @Test(arguments: 1...40)
  func theSumIsTheCanonicalTrees(laneCount: Int) {
    #expect(laneSum(0..<laneCount) == canonicalSum(laneCount))
  }

  /// Who takes the waiting results and joins them with the last lane from the right gets the sum.
  @Test(arguments: 1...40)
  func theLastLanesSumsCanBeMadeElsewhere(laneCount: Int) {
    var sum = LaneSum<[Float]>(laneCount: laneCount) { left, right in
      left = self.sum(left, right)
    }
    for _ in 0..<2 {
      for lane in 0..<laneCount - 1 { sum.push(gradient(of: lane)) }
      let total = sum.takeWaiting().reversed().reduce(gradient(of: laneCount - 1)) {
        self.sum($1, $0)
      }
      #expect(total == canonicalSum(laneCount))
      #expect(sum.partialCount == 0)
    }
  }

  /// Ranks sum their lanes, then meet partner after partner as the butterfly does.
  @Test(arguments: 1...32)
  func ranksAndLanesTogetherAreTheGlobalTree(laneCount: Int) throws {
    for worldSize in [1, 2, 4, 8, 16, 32] where laneCount.isMultiple(of: worldSize) {
      let plan = try LanePlan(laneCount: laneCount, worldSize: worldSize)
      var partials = (0..<worldSize).map { laneSum(plan.lanes(of: $0)) }
      var distance = 1
      while distance < worldSize {
        partials = (0..<worldSize).map { rank in
          sum(partials[rank & ~distance], partials[rank | distance])
        }
        distance *= 2
      }
      #expect(plan.isBitIdentical)
      #expect(partials.allSatisfy { $0 == canonicalSum(laneCount) }, "\(worldSize) ranks")
    }
  }

  /// The test above can fail: with the lanes of two ranks swapped the bits are others.
  @Test func anotherOrderHasOtherBits() {
    let swapped = sum(sum(gradient(of: 2), gradient(of: 1)), sum(gradient(of: 0), gradient(of: 3)))
    #expect(swapped != canonicalSum(4))
  }

  @Test(arguments: 1...70)
  func fewPartialResultsAreAlive(laneCount: Int) {
    var sum = LaneSum<Int>(laneCount: laneCount, add: +=)
    var mostCount = 0
    for lane in 0..<laneCount {
      // The lane itself is alive beside what was there before.
      mostCount = max(mostCount, sum.partialCount + 1)
      sum.push(lane)
    }
    #expect(sum.takeResult() == laneCount * (laneCount - 1) / 2)
    let depth = Int.bitWidth - (laneCount - 1).leadingZeroBitCount
    #expect(mostCount <= (laneCount == 1 ? 1 : depth + 1))
  }

  @Test func servesStepAfterStep() {
    var sum = LaneSum<Int>(laneCount: 3, add: +=)
    for step in 0..<3 {
      for lane in 0..<3 { sum.push(step * 10 + lane) }
      #expect(sum.takeResult() == step * 30 + 3)
    }
  }

  @Test func missingOrExtraLanesAreRefused() async {
    await #expect(processExitsWith: .failure) {
      var sum = LaneSum<Int>(laneCount: 2, add: +=)
      sum.push(1)
      _ = sum.takeResult()
    }
    await #expect(processExitsWith: .failure) {
      var sum = LaneSum<Int>(laneCount: 1, add: +=)
      sum.push(1)
      sum.push(2)
    }
  }
}
