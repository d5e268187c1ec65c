import ArrayFiles
import Checkpoints
import Configurations
import DataParallel
import Inference
import Kernels
import Logging
import Synchronization
import Training

/// Saves of a rehearsed training, each into an empty directory, with the times of their parts.
final class SavingRehearsal {
  private let training: RehearsedTraining
  private let saver: CheckpointSaver
  private let stages: StageTimes
  private let root: String
  private let stopSignal: StopSignal
  private var step = 1000

  init(
    _ training: RehearsedTraining, folder: String, _ stopSignal: StopSignal
  ) {
    self.training = training
    self.stopSignal = stopSignal
    root = folder + "/checkpoints"
    let stages = StageTimes()
    self.stages = stages
    let store = CheckpointStore(root: root) { stage in
      stages.note(stage)
      try stopSignal.throwIfRequested()
    }
    saver = CheckpointSaver(
      store: store, keptCount: 2, deadline: TrainingSettings.Deadlines.standard.save,
      logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Saves while steps go on.
  func saveBesideSteps() throws -> TimedSave {
    var save = TimedSave()
    try count(&save.stallSeconds, begin)
    while saver.isBusy {
      let start = ContinuousClock.now
      try training.step(step) { try count(&save.stallSeconds) { try saver.secure() } }
      save.stepTimes.append((ContinuousClock.now - start).inSeconds)
      step += 1
    }
    return try end(save)
  }

  /// Saves while nothing else runs.
  func saveAlone() throws -> TimedSave {
    var save = TimedSave()
    try count(&save.stallSeconds, begin)
    return try end(save)
  }

  private func begin() throws {
    stages.begin()
    let replica = ReplicaDigests(of: training.networks)
    try saver.save(
      step: step,
      description: CheckpointDescription(
        kind: .generator, configurationDigest: "",
        replicaDigest: hexadecimal(replica.weights), stateDigest: hexadecimal(replica.state),
        pins: [:]),
      networks: training.arrays)
  }

  private func end(_ save: TimedSave) throws -> TimedSave {
    try saver.finish()
    try stopSignal.throwIfRequested()
    var save = save
    save.writeSeconds = stages.seconds(from: .directoryCreated, to: .synchronized)
    save.saveSeconds = stages.seconds(from: .directoryCreated, to: .verified)
    save.byteCount = try FileSystem.treeSize(of: root)
    try FileSystem.remove(root)
    return save
  }

  private func count(_ seconds: inout Double, _ body: () throws -> Void) rethrows {
    let start = ContinuousClock.now
    try body()
    seconds += (ContinuousClock.now - start).inSeconds
  }
}

/// What a save took.
struct TimedSave: Sendable, Equatable {
  /// Seconds for which the training thread did nothing but the save.
  var stallSeconds = 0.0
  /// Seconds of the steps beside it.
  var stepTimes: [Double] = []
  /// Seconds from the first byte until all files are on the disk.
  var writeSeconds = 0.0
  /// Seconds from the first byte until the checkpoint has been read back.
  var saveSeconds = 0.0
  /// Bytes of the checkpoint.
  var byteCount = 0
}

/// When the stages of a save were reached.
private final class StageTimes: Sendable {
  private let times = Mutex<[CheckpointStage: ContinuousClock.Instant]>([:])

  func begin() { times.withLock { $0 = [:] } }

  func note(_ stage: CheckpointStage) { times.withLock { $0[stage] = .now } }

  func seconds(from first: CheckpointStage, to second: CheckpointStage) -> Double {
    times.withLock { times in
      guard let begin = times[first], let end = times[second] else { return .nan }
      return (end - begin).inSeconds
    }
  }
}
