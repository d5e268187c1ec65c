import Autodiff
import Checkpoints
import PhaseFixtures
import TestSupport
import Testing
import Training

@Suite("Phases: one network after the other in each step")
struct PhaseTests {
  @Test func aPhaseThatHasNotBegunCostsNothing() throws {
    let steps = try PhaseSteps()
    let reports = try steps.run(0..<2)
    #expect(reports.allSatisfy { $0.phases.map(\.network) == ["first"] })
    #expect(!steps.task.second.isAllocated)
    #expect(steps.task.beginCount == 0 && steps.task.laneSteps.isEmpty)
  }

  @Test func bothAreTrainedFromTheStartOn() throws {
    let steps = try PhaseSteps()
    let reports = try steps.run(0..<5)
    #expect(reports[2...].allSatisfy { $0.phases.map(\.network) == ["first", "second"] })
    #expect(
      reports[3].phases.map { $0.agreement.metrics.map(\.name) }
        == [["first_error"], ["second_error"]])
    // Its schedule counts from its own first step.
    #expect(reports[2...].map { $0.phases[1].learningRate } == [0, 0.01, 0.02])
    #expect(steps.task.first.state.stepCount == 5 && steps.task.second.state.stepCount == 3)
    #expect(steps.task.second.state.movingAverage == nil)
    #expect(reports[4].phases.allSatisfy { $0.gradientNorm > 0 })
  }

  @Test(arguments: [1, 2, 4]) func buffersAdvanceOnceAStepWhateverTheLanes(laneCount: Int) throws {
    let steps = try PhaseSteps(laneCount: laneCount)
    let reports = try steps.run(0..<5)
    #expect(steps.task.beginCount == 3 && steps.task.endCount == 3)
    #expect(steps.task.laneSteps.count == 3 * laneCount)
    let mean = steps.task.second.buffers["mean"]?.value.array(of: Float.self)
    #expect(mean == [Float(reports[4].phases[1].agreement.lossSum)])
  }

  /// The gradient of the mean over the batch does not depend on its cut into lanes, but for rounding.
  @Test func lanesAreSharesOfOneMean() throws {
    let runs = try [1, 2, 4].map { laneCount in
      let steps = try PhaseSteps(laneCount: laneCount, start: 0)
      return (try steps.run(0..<3), steps.task)
    }
    for (reports, task) in runs.dropFirst() {
      for (report, expected) in zip(reports, runs[0].0) {
        for (phase, other) in zip(report.phases, expected.phases) {
          #expect(abs(phase.agreement.lossSum / other.agreement.lossSum - 1) < 1e-6)
          #expect(abs(phase.gradientNorm / other.gradientNorm - 1) < 1e-6)
        }
      }
      for (network, other) in zip(task.networks, runs[0].1.networks) {
        expectClose(
          network.arena.gradients.array(of: Float.self).map(Double.init),
          other.arena.gradients.array(of: Float.self).map(Double.init), tolerance: 1e-6,
          network.name)
      }
    }
  }

  /// Also across the step in which the second network begins.
  @Test(arguments: 1...4) func goingOnGivesTheBitsOfAnUninterruptedRun(stop: Int) throws {
    let (whole, before) = (try PhaseSteps(), try PhaseSteps())
    try whole.run(0..<6)
    try before.run(0..<stop)
    let after = try withTemporaryDirectory { try PhaseSteps(from: before.checkpoint(in: $0)) }
    #expect(after.doneCount == stop)
    #expect(after.task.second.isAllocated == (stop > 2))
    try after.run(stop..<6)
    #expect(after.digests == whole.digests)
    let passes = after.task.second.buffers["passes"]?.value.array(of: Float.self)
    #expect(passes == [4])
  }

  @Test func aCheckpointWithoutANetworkThatHasBegunIsRefused() throws {
    let before = try PhaseSteps(start: 3)
    try before.run(0..<2)
    try withTemporaryDirectory { folder in
      let checkpoint = try before.checkpoint(in: folder)
      let error = #expect(throws: CheckpointError.self) {
        _ = try PhaseSteps(start: 1, from: checkpoint)
      }
      #expect("\(try #require(error))".contains("has no network 'second'; it has first."))
    }
  }

  /// Weights, moments, averages and buffers are all in the digest that replicas compare.
  @Test func theDigestCoversEveryArray() throws {
    let steps = try PhaseSteps()
    try steps.run(0..<4)
    var seen: Set<UInt64> = [steps.digests.state]
    for network in steps.task.networks {
      let arrays = network.arrays
      #expect(arrays.kinds.count == 4)
      for kind in arrays.kinds {
        guard let array = arrays[kind] else { continue }
        let last = array.slice(0..<1)
        let value = last.array(of: Float.self)
        last.buffer.copy(from: [Float(bitPattern: value[0].bitPattern ^ 1)])
        #expect(seen.insert(steps.digests.state).inserted, "\(network.name) \(kind)")
        last.buffer.copy(from: value)
      }
    }
    #expect(seen.count == 9)
  }

  /// A save that goes on is told before anything that it holds changes.
  @Test func changesAreAnnounced() throws {
    let steps = try PhaseSteps(start: 0)
    try steps.run(0..<1)
    var before: ReplicaDigests?
    let unchanged = steps.digests
    try steps.run(1..<2) { before = before ?? steps.digests }
    #expect(before == unchanged && steps.digests != unchanged)
  }

  @Test func aLossThatIsNotFiniteNamesItsNetworkAndLeavesItAlone() throws {
    let steps = try PhaseSteps(start: 0)
    steps.task.second.allocate(operandType: .float32)
    steps.task.second.initialize(seed: 1)
    steps.task.first.arena.values.buffer[0..<1].copy(from: [Float.nan])
    let unchanged = steps.task.second.arena.values.array(of: Float.self)
    let error = #expect(throws: TrainingError.self) { try steps.run(0..<1) }
    #expect("\(try #require(error))".contains("the first's loss (nan)"))
    #expect(steps.task.second.arena.values.array(of: Float.self) == unchanged)
    #expect(steps.task.first.state.stepCount == 0)
  }
}
