import Autodiff
package import Configurations
import DataParallel
import Inference
import Kernels
package import MessagePassing
import Optimizers
import Tensors

/// Runs training steps of one rank: for each phase lanes, sum, agreement and update.
///
/// It takes the bytes of (step, lane) and knows nothing of where they come from, of logs and of saving.
/// Nothing depends on the model, and nothing but the lane plan and the sums on the number of ranks.
package final class StepRunner<Task: TrainingTask> {
  private typealias Phase = TrainingPhase<Task.Lane>

  private let task: Task
  private let settings: TrainingSettings
  private let plan: LanePlan
  private let communicator: Communicator
  private let consensus: StepConsensus
  private let phases: [Phase]
  private let networks: [Network]
  /// The sums over ranks, by network; one is made when its network begins.
  private var exchanges: [ObjectIdentifier: GradientExchange] = [:]

  /// Prepares the steps of a task.
  ///
  /// - Throws: `LanePlanError` when the ranks cannot share the lanes evenly.
  package init(_ task: Task, settings: TrainingSettings, communicator: Communicator) throws {
    self.task = task
    self.settings = settings
    self.communicator = communicator
    phases = task.phases
    networks = phases.map(\.network)
    precondition(
      Set(networks.map(\.name)).count == networks.count && networks[0].settings.firstStep == 0,
      "StepRunner: networks \(networks.map(\.name)); each is trained in one phase, the first from 0 on"
    )
    plan = try LanePlan(laneCount: settings.batch.laneCount, worldSize: communicator.worldSize)
    consensus = StepConsensus(plan: plan, communicator: communicator)
  }

  /// The lanes that this rank runs, in their order.
  package var lanes: Range<Int> { plan.lanes(of: communicator.rank) }

  /// What all exchanges have taken from this rank's time.
  package var exposedExchangeTime: Duration {
    exchanges.values.reduce(.zero) { $0 + $1.exposedTime }
  }

  /// Runs one step.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - step: The step, from 0.
  ///   - isStopRequested: Whether this rank was asked to stop.
  ///   - beforeChange: Called before weights, moments or averages change.
  ///   - message: Gives the bytes of a lane; called once for each lane of this rank, in order.
  /// - Returns: What the ranks agreed on, and times.
  /// - Throws: `TrainingError.notFinite` on all ranks alike, `ReplicaDivergence`, the errors of
  ///   `message`, of samples that cannot be used, and of the ranks.
  package func run(
    step: Int, isStopRequested: Bool = false, beforeChange: () throws -> Void = {},
    message: (_ lane: Int) throws -> [UInt8]
  ) throws -> StepReport {
    var clock = StepClock(exposedExchange: exposedExchangeTime)
    let active = phases.filter { $0.network.isTrained(in: step) }
    var carried: [Task.Lane] = []
    var reports: [StepReport.Phase] = []
    // All at once: a phase may look through a network that a later one trains.
    let exchanges = try active.map { try begin($0.network) }
    for (index, phase) in active.enumerated() {
      try phase.begin(step)
      let isLast = index == active.count - 1
      var next: [Task.Lane] = []
      let sum = try sumLanes(of: phase, exchanges[index]) { lane, position in
        let place = LanePlace(step: step, lane: lane)
        var samples =
          try index == 0
          ? task.lane(from: clock.dataWait { try message(lane) }, at: place) : carried[position]
        let tape = makeTape(training: phase.network)
        let result = try phase.run(&samples, place, tape)
        // The samples of a lane live on only if a later phase needs them.
        if !isLast { next.append(samples) }
        return (result, tape)
      }
      carried = next
      reports.append(
        try update(
          phase, sum, step: step, isStopRequested: isStopRequested,
          digest: index == 0 ? replicaDigest(in: step) : nil, &clock, beforeChange))
    }
    return StepReport(
      step: step, phases: reports, times: clock.times(exposedExchange: exposedExchangeTime))
  }

  /// Compares the replicas of all ranks, as before a save.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: `ReplicaDivergence` naming the ranks that differ, on all ranks alike.
  package func requireAgreement(on replica: ReplicaDigests, step: Int) throws {
    try consensus.compare(digest: replica.state, step: step)
  }

  /// The digest of the replica, in the steps in which it is compared.
  private func replicaDigest(in step: Int) -> UInt64? {
    let interval = settings.execution.digestInterval
    return interval > 0 && step % interval == 0 ? ReplicaDigests(of: networks).state : nil
  }

  /// Makes what a network needs from its first step on.
  ///
  /// Its first weights are drawn by counter, so every rank has the same.
  private func begin(_ network: Network) throws -> GradientExchange {
    if !network.isAllocated {
      network.allocate(
        operandType: settings.precision.operandType,
        convolutions: settings.execution.convolutions)
      network.initialize(seed: settings.run.seed)
    }
    if let known = exchanges[ObjectIdentifier(network)] { return known }
    let exchange = try GradientExchange(
      arena: network.arena, communicator: communicator,
      bucketByteCount: settings.execution.bucketByteCount,
      reduction: settings.execution.reduction, wire: settings.execution.wire)
    exchanges[ObjectIdentifier(network)] = exchange
    return exchange
  }

  private func makeTape(training network: Network) -> Tape {
    network.arena.makeTape(
      isRecording: true, recomputesBlocks: settings.execution.recomputation == .blocks,
      frozenArenas: networks.filter { $0 !== network && $0.isAllocated }.map(\.arena))
  }

  /// What the lanes of a phase gave on this rank, and the sum of the gradients over all ranks.
  private struct PhaseSum {
    var gradients: Tensor
    var reports: [LaneReport]
    var isFinite: Bool
  }

  /// Forward and backward of this rank's lanes, and the sum of all lanes' gradients.
  ///
  /// The last lane's backward pass and the sum over ranks are one: see `GradientExchange`.
  private func sumLanes(
    of phase: Phase, _ exchange: GradientExchange,
    run: (_ lane: Int, _ position: Int) throws -> (LaneResult, Tape)
  ) throws -> PhaseSum {
    let arena = phase.network.arena
    var sum = LaneSum<Tensor>(laneCount: plan.lanesPerRank) { left, right in
      addInPlace(left.buffer, right.buffer)
    }
    var reports: [LaneReport] = []
    var total: Tensor?
    for (position, lane) in lanes.enumerated() {
      let gradients = arena.renewGradients()
      let (result, tape) = try run(lane, position)
      if position == plan.lanesPerRank - 1 {
        total = try exchange.backward(
          from: result.loss, on: tape, into: arena, joining: sum.takeWaiting())
      } else {
        tape.backward(from: result.loss, into: arena)
        sum.push(gradients)
      }
      reports.append(
        LaneReport(
          lossSum: Double(result.loss.value.scalar), sampleCount: Double(result.sampleCount),
          metrics: result.metrics, tokens: result.tokens))
    }
    guard let total else { preconditionFailure("StepRunner: a rank without lanes") }
    return PhaseSum(
      gradients: total, reports: reports, isFinite: reports.allSatisfy(\.lossSum.isFinite))
  }

  /// Agreement about a phase, and the update.
  private func update(
    _ phase: Phase, _ sum: PhaseSum, step: Int, isStopRequested: Bool, digest: UInt64?,
    _ clock: inout StepClock, _ beforeChange: () throws -> Void
  ) throws -> StepReport.Phase {
    let network = phase.network
    network.arena.setGradients(sum.gradients)
    let norm = clock.optimizer { squaredNorm(of: sum.gradients).squareRoot() }
    let agreement = try clock.exchange {
      try consensus.agree(
        step: step, lanes: sum.reports, isFinite: sum.isFinite && norm.isFinite,
        isStopRequested: isStopRequested, digest: digest)
    }
    guard agreement.isFinite else {
      throw TrainingError.notFinite(
        step: step, network: network.name, loss: agreement.lossSum, gradientNorm: norm)
    }
    let rate = network.learningRate(in: step)
    let norms = isDue(step) ? parameterGradientNorms(of: network.arena) : []
    try beforeChange()
    clock.optimizer { network.update(rate: rate, gradientNorm: norm) }
    try phase.end(agreement, communicator)
    return StepReport.Phase(
      network: network.name, agreement: agreement, learningRate: rate, gradientNorm: norm,
      parameterGradientNorms: norms)
  }

  /// Whether a step reports the gradients of single parameters.
  private func isDue(_ step: Int) -> Bool {
    let interval = settings.log.gradientInterval
    return interval > 0 && (step + 1) % interval == 0
  }

  private func parameterGradientNorms(of arena: ParameterArena) -> [Metric] {
    arena.parameters.map { parameter in
      Metric(parameter.name, squaredNorm(of: parameter.gradient).squareRoot())
    }
  }
}
