import Autodiff
import Checkpoints
import Configurations
import DataParallel
import Kernels
import Logging
import MessagePassing
import Optimizers
import Tensors

/// The training loop of one rank.
///
/// Nothing here depends on the model, and nothing but the lane plan and the sum on the number of
/// ranks. All decisions are functions of what the ranks agreed on.
final class Trainer {
  private let task: any TrainingTask
  private let settings: TrainingSettings
  private let session: TrainingSession
  private let recorder: RunRecorder?
  private let saver: CheckpointSaver?
  private let describe: (_ replicaDigest: String) -> CheckpointDescription
  private let plan: LanePlan
  private let control: StepConsensus
  private let exchange: GradientExchange
  private let optimizer: AdamW
  private var state: OptimizerState

  /// Gathers what a run needs; the arena of `task` is allocated.
  init(
    _ task: any TrainingTask, settings: TrainingSettings, session: TrainingSession,
    recorder: RunRecorder?, saver: CheckpointSaver?, state: OptimizerState,
    describe: @escaping (_ replicaDigest: String) -> CheckpointDescription
  ) throws {
    self.task = task
    self.settings = settings
    self.session = session
    self.recorder = recorder
    self.saver = saver
    self.state = state
    self.describe = describe
    let communicator = session.communicator
    plan = try LanePlan(
      laneCount: settings.batch.laneCount, worldSize: communicator.worldSize)
    control = StepConsensus(
      plan: plan, communicator: communicator, metricNames: task.metricNames)
    exchange = try GradientExchange(
      arena: task.arena, communicator: communicator,
      bucketByteCount: settings.execution.bucketByteCount, wire: settings.execution.wire.format)
    optimizer = AdamW(settings.adamW, for: task.arena)
  }

  /// Runs the steps that are left, evaluates, and saves.
  func run() throws -> TrainingOutcome {
    let first = state.stepCount
    let transport = try SampleTransport(
      plan: plan, communicator: session.communicator,
      steps: first..<max(first, settings.stepCount),
      prefetch: settings.execution.prefetchedStepCount,
      deadline: .seconds(settings.execution.deadlines.data), read: task.reader)
    for step in first..<max(first, settings.stepCount) {
      let agreement = try self.step(step, transport)
      let doneCount = step + 1
      let isLast = doneCount == settings.stepCount
      if agreement.isStopRequested && !isLast {
        try transport.stop()
        save()
        try saver?.finish()
        return .stopped(step: doneCount)
      }
      if isLast || doneCount % settings.checkpoint.interval == 0 { save() }
      if !isLast { try examine(doneCount) }
    }
    try transport.stop()
    try evaluate(settings.stepCount)
    writePicture(settings.stepCount)
    try saver?.finish()
    return .finished(step: state.stepCount)
  }

  /// One step: lanes, sum, agreement, update.
  private func step(_ step: Int, _ transport: SampleTransport) throws -> StepAgreement {
    var clock = StepClock(transport, exchange)
    let (gradients, reports, isLossFinite) = try runLanes(step, transport)
    task.arena.setGradients(gradients)
    let norm = clock.optimizer { squaredNorm(of: gradients).squareRoot() }
    let interval = settings.execution.digestInterval
    let isCompared = interval > 0 && step % interval == 0
    let ownDigest = isCompared ? digest(of: task.arena.values.buffer) : nil
    let agreement = try clock.exchange {
      try control.agree(
        step: step, lanes: reports, isFinite: isLossFinite && norm.isFinite,
        isStopRequested: session.stopSignal.isRequested, digest: ownDigest)
    }
    guard agreement.isFinite else {
      throw TrainingError.notFinite(step: step, loss: agreement.lossSum, gradientNorm: norm)
    }
    let rate = settings.learningRates.rate(at: step)
    saver?.secure()
    clock.optimizer {
      optimizer.step(
        task.arena, state: &state, rate: rate,
        gradientFactor: settings.adamW.clipFactor(gradientNorm: norm))
    }
    try recorder?.report(
      agreement, doneCount: step + 1, rate: rate, gradientNorm: norm,
      times: clock.times(transport, exchange))
    return agreement
  }

  /// Forward and backward of this rank's lanes, and the sum of all lanes' gradients.
  ///
  /// The last lane's backward pass and the sum over ranks are one: see `GradientExchange`.
  private func runLanes(
    _ step: Int, _ transport: SampleTransport
  ) throws -> (gradients: Tensor, reports: [LaneReport], isFinite: Bool) {
    var sum = LaneSum<Tensor>(laneCount: plan.lanesPerRank) { left, right in
      addInPlace(left.buffer, right.buffer)
    }
    var reports: [LaneReport] = []
    var isFinite = true
    var total: Tensor?
    let lanes = plan.lanes(of: session.communicator.rank)
    for lane in lanes {
      let message = try transport.next(step: step, lane: lane)
      let gradients = task.arena.renewGradients()
      let tape = task.arena.makeTape(
        isRecording: true, recomputesBlocks: settings.execution.recomputation == .blocks)
      let result = try task.run(message, step: step, lane: lane, on: tape)
      if lane == lanes.last {
        total = try exchange.backward(
          from: result.loss, on: tape, into: task.arena, joining: sum.takeWaiting())
      } else {
        tape.backward(from: result.loss, into: task.arena)
        sum.push(gradients)
      }
      let loss = Double(result.loss.value.scalar)
      isFinite = isFinite && loss.isFinite
      reports.append(
        LaneReport(
          lossSum: loss, sampleCount: Double(result.sampleCount), metrics: result.metrics))
    }
    guard let total else { preconditionFailure("rank without lanes") }
    return (total, reports, isFinite)
  }

  /// Evaluation and pictures where their intervals say so.
  private func examine(_ doneCount: Int) throws {
    let (evaluation, images) = (settings.evaluationInterval, settings.log.imageInterval)
    if evaluation > 0 && doneCount % evaluation == 0 { try evaluate(doneCount) }
    if images > 0 && doneCount % images == 0 { writePicture(doneCount) }
  }

  /// Scores the moving average of the weights.
  private func evaluate(_ step: Int) throws {
    let scores = try task.arena.withValues(state.movingAverage) { try task.evaluate(session) }
    try recorder?.report(scores, step: step)
  }

  private func writePicture(_ step: Int) {
    task.arena.withValues(state.movingAverage) { recorder?.writePicture(of: task, step: step) }
  }

  /// Saves in the background, on the coordinator.
  private func save() {
    guard let saver else { return }
    saver.save(
      step: state.stepCount,
      description: describe(hexadecimal(digest(of: task.arena.values.buffer))),
      arrays: TrainingArrays(task.arena, state))
  }
}

extension TrainingSettings.Wire {
  /// The same for the sum over ranks.
  var format: WireFormat {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }
}

extension TrainingSettings {
  /// The optimizer's settings.
  var adamW: AdamW.Configuration {
    AdamW.Configuration(
      firstMomentDecay: optimizer.firstMomentDecay,
      secondMomentDecay: optimizer.secondMomentDecay, epsilon: optimizer.epsilon,
      weightDecay: optimizer.weightDecay, gradientNormLimit: optimizer.gradientNormLimit,
      averageDecay: averageDecay)
  }
}
