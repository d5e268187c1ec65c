import ArrayFiles
import Checkpoints
public import Configurations
import DataParallel
import Datasets
import Foundation
import Inference
import Kernels
import Logging
import MessagePassing
import Optimizers
import Reporting
import Tensors

/// Training runs as the command line starts them.
public enum TrainingRun {
  /// Trains a tokenizer.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: `TrainingError` and the errors of data, checkpoints and ranks.
  public static func tokenizer(
    _ configuration: TokenizerRunConfiguration, _ session: TrainingSession
  ) throws -> TrainingOutcome {
    try run(configuration, configuration.training, .tokenizer, session) { report in
      try TokenizerTask(
        configuration, isCoordinator: session.isCoordinator, reportSkipped: report)
    }
  }

  /// Trains a generator.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: `TrainingError` and the errors of data, checkpoints and ranks.
  public static func generator(
    _ configuration: GeneratorRunConfiguration, _ session: TrainingSession
  ) throws -> TrainingOutcome {
    try run(configuration, configuration.training, .generator, session) { _ in
      try GeneratorTask(configuration, isCoordinator: session.isCoordinator)
    }
  }

  private static func run<Configuration: RunConfiguration, Task: TrainingTask>(
    _ configuration: Configuration, _ settings: TrainingSettings,
    _ kind: RunKind, _ session: TrainingSession,
    makeTask: (_ reportSkipped: @escaping @Sendable (DataError) -> Void) throws -> Task
  ) throws -> TrainingOutcome {
    setThreadCount(settings.execution.threadCount ?? RankThreads.automatic)
    session.communicator.deadline = .seconds(settings.execution.deadlines.start)
    let skipped = SkippedSamples()
    let task = try makeTask { skipped.report($0) }
    let recorder =
      try session.isCoordinator ? RunRecorder(configuration, settings: settings) : nil
    defer { recorder?.finish() }
    skipped.logger = recorder?.logger
    let digest = hexadecimal(configuration.digest)
    let pins = SystemPins.current(settings, threadCount: threadCount)
    let resumePoint = recorder.map {
      ResumePoint(
        policy: session.resume, root: $0.directory.checkpointsPath, logger: $0.logger)
    }
    let checkpoint = try resumePoint?.checkpoint()
    let doneCount = try TrainingStart(
      task.networks, settings: settings, communicator: session.communicator,
      logger: recorder?.logger
    ).begin(from: checkpoint)
    if let checkpoint {
      resumePoint?.report(checkpoint, task.networks, pins: pins, configurationDigest: digest)
    }
    try recorder?.begin(at: doneCount == 0 ? nil : doneCount)
    for note in settings.notes(worldSize: session.communicator.worldSize) {
      recorder?.logger.notice("\(note)")
    }
    if doneCount >= settings.stepCount {
      recorder?.logger.notice(
        "the run is finished: all \(settings.stepCount) steps are done; nothing to do")
      return .finished(step: doneCount)
    }
    let survey = try StartSurvey.run(
      settings, stepOperationCount: task.stepOperationCount, session.communicator)
    recorder?.report(survey)
    let saver = recorder.map { recorder in
      CheckpointSaver(
        store: CheckpointStore(root: recorder.directory.checkpointsPath),
        keptCount: settings.checkpoint.keptCount,
        deadline: settings.execution.deadlines.saving(on: session.communicator.worldSize),
        logger: recorder.logger)
    }
    // The exchange and the transport take it over.
    session.communicator.deadline = .seconds(settings.execution.deadlines.step)
    let trainer = try Trainer(
      task, settings: settings, session: session, recorder: recorder, saver: saver,
      doneCount: doneCount
    ) {
      let replica = ReplicaDigests(of: task.networks)
      return CheckpointDescription(
        kind: kind, configurationDigest: digest, replicaDigest: hexadecimal(replica.weights),
        stateDigest: hexadecimal(replica.state), pins: pins.recorded)
    }
    let outcome = try trainer.run()
    if case .stopped(let step) = outcome {
      let reason = session.stopSignal.name ?? "another rank"
      recorder?.logger.notice(
        "stopped by \(reason) after step \(step), and saved: the same command goes on from here")
    }
    return outcome
  }
}

/// Tells the log of images that were replaced, from the coordinator's reading thread.
private final class SkippedSamples: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  private var storedLogger: Logger?

  var logger: Logger? {
    get { lock.withLock { storedLogger } }
    set { lock.withLock { storedLogger = newValue } }
  }

  func report(_ error: DataError) {
    let (number, logger) = lock.withLock { () -> (Int, Logger?) in
      count += 1
      return (count, storedLogger)
    }
    logger?.warning("image replaced (\(number) so far): \(error)")
  }
}

extension SystemPins {
  /// What the bits of this run depend on beside the configuration.
  static func current(_ settings: TrainingSettings, threadCount: Int) -> SystemPins {
    SystemPins(
      threadCountPerRank: threadCount, libraryVersions: Kernels.libraryVersions,
      laneCount: settings.batch.laneCount,
      sampleCountPerLane: settings.batch.sampleCountPerLane)
  }
}

extension TrainingSettings.Deadlines {
  /// Seconds that training waits for a save.
  ///
  /// On several ranks less than `step`, for so long the others wait for the coordinator: what hangs is to
  /// be named by the one who knows.
  fileprivate func saving(on rankCount: Int) -> Double {
    let deadlines = self
    return rankCount > 1 ? min(deadlines.save, 0.9 * deadlines.step) : deadlines.save
  }
}
