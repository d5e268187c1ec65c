import DataParallel
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

  /// Joins the waiting results with the last lane's, from the right, as the exchange does.
  private func laneSum(_ lanes: Range<Int>) -> [Float] {
    var sum = LaneSum<[Float]>(laneCount: lanes.count) { $0 = self.sum($0, $1) }
    return laneSum(lanes, &sum)
  }

  private func laneSum(_ lanes: Range<Int>, _ sum: inout LaneSum<[Float]>) -> [Float] {
    for lane in lanes.dropLast() { sum.push(gradient(of: lane)) }
    return sum.takeWaiting().reversed().reduce(gradient(of: lanes.upperBound - 1)) {
      self.sum($1, $0)
    }
  }

  private func canonicalSum(_ laneCount: Int) -> [Float] {
    CanonicalTree.fold(leafCount: laneCount, leaf: gradient, join: sum)
  }

  @Test(arguments: 1...40)
  func theSumIsTheCanonicalTreesStepAfterStep(laneCount: Int) {
    var sum = LaneSum<[Float]>(laneCount: laneCount) { $0 = self.sum($0, $1) }
    for _ in 0..<2 { #expect(laneSum(0..<laneCount, &sum) == canonicalSum(laneCount)) }
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

  /// Something of which it is known how many there are.
  private final class Counted {
    private let count: Count

    init(_ count: Count) {
      self.count = count
      count.alive += 1
      count.most = max(count.most, count.alive)
    }

    deinit { count.alive -= 1 }
  }

  private final class Count {
    var alive = 0
    var most = 0
  }

  @Test(arguments: 1...70)
  func fewPartialResultsAreAlive(laneCount: Int) {
    let count = Count()
    var sum = LaneSum<Counted>(laneCount: laneCount) { _, _ in }
    for _ in 0..<laneCount - 1 { sum.push(Counted(count)) }
    let last = Counted(count)
    withExtendedLifetime((last, sum.takeWaiting())) {}
    let depth = Int.bitWidth - (laneCount - 1).leadingZeroBitCount
    #expect(count.most <= depth + 1)
  }

  @Test func missingOrExtraLanesAreRefused() async {
    await #expect(processExitsWith: .failure) {
      var sum = LaneSum<Int>(laneCount: 3, add: +=)
      sum.push(1)
      _ = sum.takeWaiting()
    }
    await #expect(processExitsWith: .failure) {
      var sum = LaneSum<Int>(laneCount: 2, add: +=)
      sum.push(1)
      sum.push(2)
    }
  }
}
