import DataParallel
import MessagePassing
import Testing

struct StepConsensusTests {
  private func control(laneCount: Int) throws -> StepConsensus {
    StepConsensus(
      plan: try LanePlan(laneCount: laneCount, worldSize: 1), communicator: .single())
  }

  @Test func lanesAreSummed() throws {
    let agreement = try control(laneCount: 3).agree(
      step: 7,
      lanes: [
        LaneReport(lossSum: 1, sampleCount: 2, metrics: [Metric("hits", 5)], tokens: [0, 65535]),
        LaneReport(lossSum: 2, sampleCount: 1, metrics: [Metric("hits", 6)], tokens: [3, 4]),
        LaneReport(lossSum: 0, sampleCount: 0, metrics: [Metric("hits", 0)], tokens: [5, 6]),
      ], isFinite: true, isStopRequested: false, digest: 42)
    #expect(agreement.step == 7)
    #expect(agreement.lossSum == 3 && agreement.sampleCount == 3)
    #expect(agreement.metrics == [Metric("hits", 11)])
    #expect(agreement.tokens == [0, 65535, 3, 4, 5, 6])
    #expect(agreement.isFinite && !agreement.isStopRequested)
  }

  @Test(arguments: [Double.nan, .infinity, 1])
  func aLossThatIsNotFiniteIsNoticed(loss: Double) throws {
    let agreement = try control(laneCount: 1).agree(
      step: 0, lanes: [LaneReport(lossSum: loss, sampleCount: 1, metrics: [Metric("hits", 0)])],
      isFinite: true,
      isStopRequested: true)
    #expect(agreement.isFinite == loss.isFinite)
    #expect(agreement.isStopRequested)
  }

  @Test func incompleteReportsAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let plan = try LanePlan(laneCount: 2, worldSize: 1)
      _ = try StepConsensus(plan: plan, communicator: .single()).agree(
        step: 0, lanes: [LaneReport(lossSum: 0, sampleCount: 0)], isFinite: true,
        isStopRequested: false)
    }
  }

  @Test(arguments: [["hits", "hits"], ["misses"]])
  func metricsThatDoNotFitAreRefused(names: [String]) async {
    await #expect(processExitsWith: .failure) { [names = names as [String]] in
      let plan = try LanePlan(laneCount: 2, worldSize: 1)
      let lanes = [["hits"], names].map { names in
        LaneReport(lossSum: 0, sampleCount: 1, metrics: names.map { Metric($0, 1) })
      }
      _ = try StepConsensus(plan: plan, communicator: .single()).agree(
        step: 0, lanes: lanes, isFinite: true, isStopRequested: false)
    }
  }

  @Test func theMinorityIsNamedWithItsHost() throws {
    let divergence = try #require(
      ReplicaDivergence(
        quantity: .digest, step: 9, values: [7, 7, 0xBEEF, 7, 5],
        hostNames: ["a", "a", "b", "b", "c"]))
    #expect(divergence.divergedRanks == [2, 4])
    #expect(divergence.description.contains("rank 2 (host b), rank 4 (host c) diverged"))
    #expect(divergence.description.contains("0xbeef on rank 2 (host b)"))
  }

  @Test func withoutAMajorityNobodyIsAccused() throws {
    let divergence = try #require(
      ReplicaDivergence(
        quantity: .digest, step: 9, values: [1, 2], hostNames: ["a", "b"]))
    #expect(divergence.divergedRanks.isEmpty)
    #expect(divergence.groups.map(\.ranks) == [[0], [1]])
  }

  @Test func equalReplicasAreNoDivergence() {
    #expect(
      ReplicaDivergence(quantity: .digest, step: 0, values: [3, 3], hostNames: ["a", "b"]) == nil)
  }
}
