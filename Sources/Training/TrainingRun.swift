import ArrayFiles
import Checkpoints
public import Configurations
import DataParallel
import Datasets
import Inference
import Kernels
import Logging
import MessagePassing
import Optimizers
import Synchronization
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
    try run(configuration, session) { words in
      try TokenizerTask(
        configuration, isCoordinator: session.isCoordinator, reportSkipped: words.report)
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
    try run(configuration, session) { words in
      try GeneratorTask(
        configuration, isCoordinator: session.isCoordinator, notice: words.notice)
    }
  }

  private static func run<Configuration: RunConfiguration, Task: TrainingTask>(
    _ configuration: Configuration, _ session: TrainingSession,
    makeTask: (_ words: TaskWords) throws -> Task
  ) throws -> TrainingOutcome {
    let settings = configuration.training
    setThreadCount(settings.execution.threadCount ?? RankThreads.automatic)
    session.communicator.deadline = .seconds(settings.execution.deadlines.start)
    try requireEqualConfigurations(configuration, session.communicator)
    let codebook = (configuration as? TokenizerRunConfiguration)?.model.codebook
    let recorder =
      try session.isCoordinator
      ? RunRecorder(settings, revives: codebook?.revives == true) : nil
    defer { recorder?.finish() }
    do {
      return try run(configuration, session, recorder, makeTask: makeTask)
    } catch {
      recorder?.reportEnd(error)
      throw error
    }
  }

  private static func run<Configuration: RunConfiguration, Task: TrainingTask>(
    _ configuration: Configuration, _ session: TrainingSession, _ recorder: RunRecorder?,
    makeTask: (_ words: TaskWords) throws -> Task
  ) throws -> TrainingOutcome {
    let settings = configuration.training
    let task = try makeTask(TaskWords(recorder?.logger))
    let start = try begin(configuration, task, session, recorder)
    guard start.doneCount < settings.stepCount || start.missing != .none else {
      recorder?.logger.notice(
        "the run is finished: all \(settings.stepCount) steps are done; nothing to do")
      return .finished(step: start.doneCount)
    }
    let survey = try StartSurvey.run(
      settings, operationCount: task.operationCount(inStep: start.doneCount),
      session.communicator)
    recorder?.report(survey, operationCount: task.operationCount)
    let saver = recorder.map { recorder in
      CheckpointSaver(
        store: CheckpointStore(root: recorder.directory.checkpointsPath),
        keptCount: settings.checkpoint.keptCount,
        deadline: settings.execution.deadlines.saving(on: session.communicator.worldSize),
        logger: recorder.logger)
    }
    // The exchange and the transport take it over.
    session.communicator.deadline = .seconds(settings.execution.deadlines.step)
    let description = CheckpointDescription(
      kind: Configuration.kind, configurationDigest: hexadecimal(configuration.digest),
      replicaDigest: "", configuration: configuration.portableYAML, pins: start.pins.recorded)
    let trainer = try Trainer(
      task, settings: settings, session: session, recorder: recorder, saver: saver,
      doneCount: start.doneCount, description: description)
    let outcome = try trainer.run(missing: start.missing)
    if case .stopped(let step) = outcome {
      let reason = session.stopSignal.name ?? "another rank"
      let advice =
        session.resume == .automatic
        ? "the same command goes on from here" : "go on from here with --resume auto"
      recorder?.logger.notice("stopped by \(reason) after step \(step), and saved: \(advice)")
    }
    return outcome
  }

  /// Refuses ranks whose configurations differ, as copies of a file on several hosts may.
  ///
  /// Collective: every rank.
  private static func requireEqualConfigurations<Configuration: RunConfiguration>(
    _ configuration: Configuration, _ communicator: Communicator
  ) throws {
    let texts = try communicator.allGather(Array(configuration.yaml.utf8))
    guard let rank = texts.firstIndex(where: { $0 != texts[0] }) else { return }
    let (first, other) = try (
      Configuration(yaml: String(decoding: texts[0], as: UTF8.self)),
      Configuration(yaml: String(decoding: texts[rank], as: UTF8.self))
    )
    throw ConfigurationError(
      file: "the configuration of rank \(rank)",
      problems: other.differences(from: first).map { difference in
        .init(
          path: difference.path, origin: .unknown,
          message:
            "\(difference.value ?? "absent") instead of \(difference.otherValue ?? "absent") "
            + "on rank 0: give all hosts the same file")
      })
  }

  /// Refuses ranks whose files of frozen networks differ, as copies on several hosts may.
  ///
  /// Collective: every rank.
  private static func requireEqualFiles(
    _ digests: [String: String], _ communicator: Communicator
  ) throws {
    let lines = digests.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let texts = try communicator.allGather(Array(lines.joined(separator: "\n").utf8))
    guard let rank = texts.firstIndex(where: { $0 != texts[0] }) else { return }
    let theirs = texts.map { String(decoding: $0, as: UTF8.self).split(separator: "\n") }
    let (first, other) = (theirs[0], theirs[rank])
    throw ConfigurationError(
      file: "the files of rank \(rank)",
      problems: zip(first, other).filter { $0 != $1 }.map { first, other in
        let key = first.prefix { $0 != ":" }
        return .init(
          path: String(key), origin: .unknown,
          message:
            "the digest of the file is \(other.dropFirst(key.count + 2)) instead of "
            + "\(first.dropFirst(key.count + 2)) on rank 0: give all hosts the same file")
      })
  }

  /// The kinds of the ranks' processors, each once.
  ///
  /// Collective: every rank.
  private static func processorKinds(_ communicator: Communicator) throws -> [String] {
    let names = try communicator.allGather(Array(ProcessorKind.current.rawValue.utf8))
    return Set(names.map { String(decoding: $0, as: UTF8.self) }).sorted()
  }

  /// Where a run begins.
  private struct Start {
    /// Steps that are done.
    var doneCount: Int
    /// What belongs to the last of them and was not made.
    var missing = Examination.none
    /// What the bits depend on beside the configuration.
    var pins: SystemPins
  }

  /// Checks everything that can be wrong, fills the networks, and only then changes the run's directory.
  private static func begin<Configuration: RunConfiguration, Task: TrainingTask>(
    _ configuration: Configuration, _ task: Task, _ session: TrainingSession,
    _ recorder: RunRecorder?
  ) throws -> Start {
    let settings = configuration.training
    let digest = hexadecimal(configuration.digest)
    try requireEqualFiles(
      task.fileDigests.merging(task.scoreFileDigests) { first, _ in first }, session.communicator)
    let processors = try processorKinds(session.communicator)
    let pins = SystemPins.current(
      settings, threadCount: threadCount, processors: processors, dataDigests: task.dataDigests,
      fileDigests: task.fileDigests)
    let resumePoint = recorder.map {
      ResumePoint(policy: session.resume, directory: $0.directory, logger: $0.logger)
    }
    let checkpoint = try resumePoint?.checkpoint()
    if let checkpoint { try resumePoint?.check(checkpoint, against: configuration) }
    let doneCount = try TrainingStart(
      task.networks, settings: settings, communicator: session.communicator,
      logger: recorder?.logger, readInitialWeights: task.readInitialWeights
    ).begin(from: checkpoint)
    var start = Start(doneCount: doneCount, pins: pins)
    if let recorder, let resumePoint, let checkpoint {
      resumePoint.report(checkpoint, task.networks, pins: pins, configurationDigest: digest)
      // A finished run of another configuration is none that this one could complete.
      let isSame = checkpoint.manifest.configurationDigest == digest
      if resumePoint.isOwn(checkpoint), isSame || doneCount < settings.stepCount {
        start.missing = try Examination.missing(
          in: recorder.directory, after: doneCount, settings)
        start.missing.evaluates = start.missing.evaluates && task.hasEvaluationData
      }
    }
    start.missing = try start.missing.shared(session.communicator)
    guard doneCount < settings.stepCount || start.missing != .none else { return start }
    try recorder?.begin(
      configuration, after: doneCount, isExplicit: session.resume.isExplicit)
    if processors.count > 1 {
      recorder?.logger.warning(
        """
        the ranks' processors are of several kinds (\(processors.joined(separator: ", "))), which compute in \
        different ways: the bits of this run depend on which of them has which lane
        """)
    }
    for note in task.startNotes + settings.notes(worldSize: session.communicator.worldSize) {
      recorder?.logger.notice("\(note)")
    }
    return start
  }
}

/// What tasks tell the log of: choices, and images that were replaced, from the coordinator's reading
/// thread.
private final class TaskWords: Sendable {
  private let logger: Logger?
  private let skippedCount = Mutex(0)

  init(_ logger: Logger?) { self.logger = logger }

  func notice(_ text: String) { logger?.warning("\(text)") }

  @Sendable func report(_ error: DataError) {
    let number = skippedCount.withLock { count in
      count += 1
      return count
    }
    logger?.warning("image passed over (\(number) so far): \(error)")
  }
}

extension SystemPins {
  /// What the bits of this run depend on beside the configuration.
  static func current(
    _ settings: TrainingSettings, threadCount: Int, processors: [String],
    dataDigests: [String: String], fileDigests: [String: String]
  ) -> SystemPins {
    var versions = Kernels.libraryVersions
    versions["processors"] = processors.joined(separator: ", ")
    return SystemPins(
      threadCountPerRank: threadCount, libraryVersions: versions,
      laneCount: settings.batch.laneCount,
      sampleCountPerLane: settings.batch.sampleCountPerLane, dataDigests: dataDigests,
      fileDigests: fileDigests)
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
