import DataParallel
import Testing

struct LanePlanTests {
  @Test(arguments: [1, 2, 3, 4, 6, 12])
  func everyLaneHasOneRank(worldSize: Int) throws {
    let plan = try LanePlan(laneCount: 12, worldSize: worldSize)
    #expect((0..<worldSize).flatMap { plan.lanes(of: $0) } == Array(0..<12))
    for lane in 0..<12 { #expect(plan.lanes(of: plan.rank(of: lane)).contains(lane)) }
    #expect(plan.isBitIdentical == [1, 2, 4].contains(worldSize))
  }

  @Test(arguments: [(8, 3), (8, 16), (1, 2), (6, 4)])
  func ranksThatDoNotDivideAreRefused(laneCount: Int, worldSize: Int) {
    #expect(throws: LanePlanError.self) {
      try LanePlan(laneCount: laneCount, worldSize: worldSize)
    }
  }

  @Test func theErrorListsTheAllowedNumbers() throws {
    let error = #expect(throws: LanePlanError.self) {
      try LanePlan(laneCount: 12, worldSize: 5)
    }
    let refused = try #require(error)
    #expect(refused.allowedWorldSizes == [1, 2, 3, 4, 6, 12])
    #expect(refused.description.contains("one of 1, 2, 3, 4, 6, 12 "))
    #expect(refused.description.contains("bit-identical results with 1, 2, 4)"))
  }

  @Test func ranksAndLanesOutsideThePlanAreRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = try LanePlan(laneCount: 4, worldSize: 2).lanes(of: 2)
    }
    await #expect(processExitsWith: .failure) {
      _ = try LanePlan(laneCount: 4, worldSize: 2).rank(of: 4)
    }
  }
}
