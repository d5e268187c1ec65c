import Autodiff
import Configurations
import DataParallel
import ImageFiles
import MessagePassing
import Tensors
import TestSupport
import Testing
import Training

/// Two small networks that are trained one after the other in each step, as a tokenizer and its
/// discriminator are: the second begins later, reads what the lane left, and has buffers.
private final class TwoNetworks: TrainingTask {
  struct Lane {
    let input: Tensor
    var left: Tensor?
  }

  static let size = 6
  let first: Network
  let second: Network
  private let weights: (first: Parameter, second: Parameter)
  private let sampleCount: Int
  private(set) var beginCount = 0
  private(set) var endCount = 0
  private(set) var laneSteps: [Int] = []

  init(_ settings: TrainingSettings, start: Int) {
    sampleCount = settings.batch.sampleCount
    let optimizer = Network.Settings(
      optimizer: .init(gradientNormLimit: 1),
      learningRates: .constant(base: 0.01, warmupStepCount: 0)
    )
    first = Network(name: "first", settings: optimizer)
    var later = optimizer
    later.keepsAverage = false
    later.firstStep = start
    later.learningRates = .constant(base: 0.02, warmupStepCount: 2)
    second = Network(name: "second", settings: later)
    let matrix = [Self.size, Self.size]
    weights = (
      ParameterScope(first.arena).parameter("weight", matrix, .normal(standardDeviation: 0.5)),
      ParameterScope(second.arena).parameter("map", matrix, .normal(standardDeviation: 0.5))
    )
    _ = ParameterScope(second.buffers).parameter("mean", [1], .constant(0))
    _ = ParameterScope(second.buffers).parameter("passes", [1], .constant(0))
  }

  var phases: [TrainingPhase<Lane>] {
    [
      TrainingPhase(training: first) { [self] lane, place, tape in
        let y = linear(Variable(constant: lane.input, on: tape), weight: tape[weights.first])
        lane.left = y.value
        // Looks through the second network, once it has begun.
        let seen = second.isTrained(in: place.step) ? linear(y, weight: tape[weights.second]) : y
        return result(seen, target: 1, "first_error", tape)
      },
      TrainingPhase(
        training: second,
        begin: { [self] _ in
          beginCount += 1
          second.buffers["passes"]?.value.buffer.copy(from: [Float(beginCount)])
        },
        end: { [self] agreement in
          endCount += 1
          second.buffers["mean"]?.value.buffer.copy(from: [Float(agreement.lossSum)])
        }
      ) { [self] lane, place, tape in
        laneSteps.append(place.step)
        guard let left = lane.left else { preconditionFailure("nothing was left") }
        let y = linear(Variable(constant: left, on: tape), weight: tape[weights.second])
        return result(y, target: -1, "second_error", tape)
      },
    ]
  }

  /// A lane's share of the mean squared distance to a number.
  private func result(_ y: Variable, target: Float, _ name: String, _ tape: Tape) -> LaneResult {
    let goal = Variable(constant: Tensor(repeating: target, shape: y.shape), on: tape)
    let loss = squaredError(y, goal, scale: 1 / Float(sampleCount * Self.size))
    return LaneResult(
      loss: loss, metrics: [Metric(name, Double(loss.value.scalar))], sampleCount: y.shape[0])
  }

  /// The samples of a lane, by their place in the batch: the same however it is cut into lanes.
  func lane(from message: [UInt8], at place: LanePlace) -> Lane {
    let rows = message.map { sample in
      var numbers = TestNumbers(seed: UInt64(sample) + 1000 * UInt64(place.step))
      return numbers.tensor([Self.size]).array(of: Float.self)
    }
    return Lane(input: Tensor(rows.flatMap { $0 }, shape: [message.count, Self.size]))
  }

  var stepOperationCount: Int { 0 }
  var reader: SampleTransport.Reader { { _, _ in [] } }
  func evaluate(_ session: TrainingSession) -> [Metric] { [] }
  func picture() -> (image: RGBImage, name: String)? { nil }
}

/// Steps of `TwoNetworks` on one rank.
private struct Steps {
  let task: TwoNetworks
  private let runner: StepRunner<TwoNetworks>
  private let sampleCountPerLane: Int

  init(laneCount: Int = 2, sampleCount: Int = 4, start: Int = 2) throws {
    var settings = try SmallRuns(folder: "runs").tokenizer().training
    settings.batch.laneCount = laneCount
    settings.batch.sampleCountPerLane = sampleCount / laneCount
    sampleCountPerLane = sampleCount / laneCount
    task = TwoNetworks(settings, start: start)
    task.first.allocate(operandType: .float32)
    task.first.initialize(seed: 1)
    runner = try StepRunner(task, settings: settings, communicator: .single())
  }

  @discardableResult
  func run(_ steps: Range<Int>, beforeChange: () -> Void = {}) throws -> [StepReport] {
    try steps.map { step in
      try runner.run(step: step, beforeChange: beforeChange) { lane in
        (0..<sampleCountPerLane).map { UInt8(lane * sampleCountPerLane + $0) }
      }
    }
  }

  /// Goes on from the arrays of other steps, as a run does from a checkpoint.
  func restore(_ other: Steps) {
    for (target, source) in zip(task.networks, other.task.networks) where source.isAllocated {
      if !target.isAllocated { target.allocate(operandType: .float32) }
      for kind in source.arrays.kinds {
        if let from = source.arrays[kind], let into = target.arrays[kind] {
          into.buffer.copy(from: from.buffer)
        }
      }
      target.resume(afterSteps: source.state.stepCount)
    }
  }

  var digests: ReplicaDigests { ReplicaDigests(of: task.networks) }
}

@Suite("Phases: one network after the other in each step")
struct PhaseTests {
  @Test func aPhaseThatHasNotBegunCostsNothing() throws {
    let steps = try Steps()
    let reports = try steps.run(0..<2)
    #expect(reports.allSatisfy { $0.phases.map(\.network) == ["first"] })
    #expect(!steps.task.second.isAllocated)
    #expect(steps.task.beginCount == 0 && steps.task.laneSteps.isEmpty)
  }

  @Test func bothAreTrainedFromTheStartOn() throws {
    let steps = try Steps()
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
    let steps = try Steps(laneCount: laneCount)
    let reports = try steps.run(0..<5)
    #expect(steps.task.beginCount == 3 && steps.task.endCount == 3)
    #expect(steps.task.laneSteps.count == 3 * laneCount)
    let mean = steps.task.second.buffers["mean"]?.value.array(of: Float.self)
    #expect(mean == [Float(reports[4].phases[1].agreement.lossSum)])
  }

  /// The gradient of the mean over the batch does not depend on its cut into lanes, but for rounding.
  @Test func lanesAreSharesOfOneMean() throws {
    let runs = try [1, 2, 4].map { laneCount in
      let steps = try Steps(laneCount: laneCount, start: 0)
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
    let (whole, before, after) = (try Steps(), try Steps(), try Steps())
    try whole.run(0..<6)
    try before.run(0..<stop)
    after.restore(before)
    try after.run(stop..<6)
    #expect(after.digests.weights == whole.digests.weights)
    // The number of passes is counted by the task, which was made anew.
    after.task.second.buffers["passes"]?.value.buffer.copy(from: [Float(4)])
    #expect(after.digests == whole.digests)
  }

  /// Weights, moments, averages and buffers are all in the digest that replicas compare.
  @Test func theDigestCoversEveryArray() throws {
    let steps = try Steps()
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
    let steps = try Steps(start: 0)
    try steps.run(0..<1)
    var before: ReplicaDigests?
    let unchanged = steps.digests
    try steps.run(1..<2) { before = before ?? steps.digests }
    #expect(before == unchanged && steps.digests != unchanged)
  }

  @Test func aLossThatIsNotFiniteNamesItsNetworkAndLeavesItAlone() throws {
    let steps = try Steps(start: 0)
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
