import ArrayFiles
import Autodiff
import Checkpoints
import Configurations
import DataParallel
import Kernels
import Logging
import MessagePassing
import Optimizers
import Tensors

/// The training loop of one rank: samples come in, steps are taken, evaluated, reported and saved.
final class Trainer<Task: TrainingTask> {
  private let task: Task
  private let settings: TrainingSettings
  private let session: TrainingSession
  private let recorder: RunRecorder?
  private let saver: CheckpointSaver?
  private let description: CheckpointDescription
  private let plan: LanePlan
  private let runner: StepRunner<Task>
  /// Steps of the run that are done.
  private var doneCount: Int

  /// Gathers what a run needs: a task whose networks that have begun hold their state, the number of
  /// steps that are done, and what checkpoints say beside the digests of the state.
  init(
    _ task: Task, settings: TrainingSettings, session: TrainingSession, recorder: RunRecorder?,
    saver: CheckpointSaver?, doneCount: Int, description: CheckpointDescription
  ) throws {
    self.task = task
    self.settings = settings
    self.session = session
    self.recorder = recorder
    self.saver = saver
    self.doneCount = doneCount
    self.description = description
    plan = try LanePlan(
      laneCount: settings.batch.laneCount, worldSize: session.communicator.worldSize)
    runner = try StepRunner(task, settings: settings, communicator: session.communicator)
  }

  /// Runs the steps that are left, evaluates, and saves.
  ///
  /// - Parameter missing: What belongs to the last step done and was not made; it is made first.
  /// - Returns: How it ended.
  /// - Throws: `TrainingError`, and the errors of data, checkpoints and ranks.
  func run(missing: Examination) throws -> TrainingOutcome {
    do {
      return try steps(missing: missing)
    } catch {
      // What was worth saving before the error is still worth it; how it ends, the log says.
      try? saver?.finish()
      throw error
    }
  }

  private func steps(missing: Examination) throws -> TrainingOutcome {
    try examine(missing, doneCount)
    guard doneCount < settings.stepCount else { return .finished(step: doneCount) }
    let steps = doneCount..<settings.stepCount
    let transport = try SampleTransport(
      plan: plan, communicator: session.communicator, steps: steps,
      prefetch: settings.execution.prefetchedStepCount,
      deadline: .seconds(settings.execution.deadlines.data), read: task.reader)
    let samples = LaneQueue(
      transport, task.preparation, steps: steps, lanes: runner.lanes,
      isAhead: allowedCoreCount > threadCount)
    for step in steps {
      announce(step)
      let report = try runner.run(
        step: step, isStopRequested: session.stopSignal.isRequested,
        beforeChange: { try saver?.secure() }
      ) { lane in try samples.next(step: step, lane: lane) }
      doneCount = step + 1
      try recorder?.report(report)
      recorder?.reportCodebook(of: task, after: report)
      let isLast = doneCount == settings.stepCount
      if settings.isSaved(after: report) { try save() }
      if report.isStopRequested && !isLast {
        try samples.stop()
        try saver?.finish()
        return .stopped(step: doneCount)
      }
      if !isLast { try examine(.due(after: doneCount, settings), doneCount) }
    }
    try samples.stop()
    // First, for what comes then may fail, and the weights are worth more.
    try saver?.finish()
    try examine(.due(after: doneCount, settings), doneCount)
    return .finished(step: doneCount)
  }

  /// Says which networks begin in a step, but for the one that the run is named for.
  private func announce(_ step: Int) {
    for network in task.networks.dropFirst() where network.settings.firstStep == step {
      recorder?.logger.notice("step \(step + 1): training of the \(network.name) begins")
    }
  }

  /// Evaluation and pictures.
  private func examine(_ due: Examination, _ doneCount: Int) throws {
    if due.evaluates { try evaluate(doneCount) }
    if due.shows { try writePicture(doneCount) }
  }

  /// Scores the moving average of the weights, the weights themselves, or both.
  private func evaluate(_ step: Int) throws {
    let weights = settings.evaluation.weights
    var report = EvaluationReport(step: step)
    if weights != .model {
      report.average = try task.mainNetwork.withAverage { try evaluation() }
    }
    if weights != .ema { report.weights = try evaluation() }
    recorder?.report(report)
  }

  /// Scores the present values, and says which they are.
  private func evaluation() throws -> Evaluation {
    var evaluation = try task.evaluate(session)
    let weights = digest(of: task.mainNetwork.arena.values.buffer)
    evaluation.weightsDigest = hexadecimal(weights)
    return evaluation
  }

  private func writePicture(_ step: Int) throws {
    try task.mainNetwork.withAverage { try recorder?.writePicture(of: task, step: step) }
  }

  /// Saves in the background, on the coordinator, what all ranks hold alike.
  ///
  /// - Throws: `ReplicaDivergence` when they do not, `TrainingError.notFiniteState` when it is worth
  ///   nothing: then nothing is saved.
  private func save() throws {
    let replica = ReplicaDigests(of: task.networks)
    try runner.requireAgreement(on: replica, step: doneCount)
    for network in task.networks where network.isAllocated {
      try network.requireFinite(step: doneCount)
    }
    var description = description
    description.replicaDigest = hexadecimal(replica.weights)
    description.stateDigest = hexadecimal(replica.state)
    try saver?.save(
      step: doneCount, description: description,
      networks: task.networks.filter(\.isAllocated).map(\.arrays))
  }
}

extension TrainingSettings {
  /// Whether there is a checkpoint after a step: at the end, where it is due, and where the run stops.
  func isSaved(after report: StepReport) -> Bool {
    let doneCount = report.step + 1
    return report.isStopRequested || doneCount == stepCount
      || doneCount.isMultiple(of: checkpoint.interval)
  }
}

extension Network.Settings {
  /// How a configuration says that the network that the run is named for is trained.
  init(_ settings: TrainingSettings) {
    let optimizer = settings.optimizer
    self.init(
      optimizer: AdamW.Configuration(
        firstMomentDecay: optimizer.firstMomentDecay,
        secondMomentDecay: optimizer.secondMomentDecay, epsilon: optimizer.epsilon,
        weightDecay: optimizer.weightDecay, gradientNormLimit: optimizer.gradientNormLimit,
        averageDecay: settings.averageDecay),
      learningRates: settings.learningRates)
  }
}
