import Checkpoints
import Configurations
import DataParallel
import Logging
import Optimizers
import Tensors

/// Where a run begins: fresh weights, given weights, or a checkpoint.
struct TrainingStart {
  let task: any TrainingTask
  let settings: TrainingSettings
  let session: TrainingSession
  let pins: SystemPins
  let logger: Logger?
  let configurationDigest: String

  /// Fills the arena and gives the optimizer's state, alike on all ranks.
  ///
  /// Only the coordinator reads files; the others get the arrays from it.
  func state(_ recorder: RunRecorder?) throws -> OptimizerState {
    var state = OptimizerState(for: task.arena)
    var stepCount = 0
    if let recorder {
      if let checkpoint = try checkpoint(recorder) {
        stepCount = try restore(checkpoint, state)
      } else {
        try initialize()
      }
    }
    let communicator = session.communicator
    stepCount = Int(try communicator.broadcast([Int64(stepCount)], root: 0)[0])
    try communicator.broadcast(task.arena.values)
    if stepCount > 0 {
      for array in [state.firstMoments, state.secondMoments, state.movingAverage] {
        try communicator.broadcast(array)
      }
    }
    state.stepCount = stepCount
    task.arena.refreshOperands()
    return state
  }

  private func initialize() throws {
    guard let path = settings.initialWeights else {
      task.arena.initialize(seed: settings.run.seed)
      return
    }
    try ModelSource(path: path).read(into: task.arena)
    logger?.notice("weights from \(path)")
  }

  private func checkpoint(_ recorder: RunRecorder) throws -> Checkpoint? {
    if case .checkpoint(let path) = session.resume {
      return try ModelSource(path: path).checkpoint()
    }
    let root = recorder.directory.checkpointsPath
    let latest = try CheckpointStore(root: root).latest()
    for rejected in latest.rejected {
      logger?.warning(
        "\(rejected.directory) is damaged and passed over: \(rejected.summary)")
    }
    guard let checkpoint = latest.checkpoint else {
      guard latest.rejected.isEmpty else {
        throw TrainingError.noSoundCheckpoint(
          directory: root,
          problems: latest.rejected.flatMap { $0.problems.map { "\($0)" } })
      }
      return nil
    }
    if session.resume == .never {
      throw TrainingError.hasCheckpoints(directory: root, step: checkpoint.manifest.step)
    }
    return checkpoint
  }

  private func restore(_ checkpoint: Checkpoint, _ state: OptimizerState) throws -> Int {
    let manifest = checkpoint.manifest
    try checkpoint.read(
      into: TrainingArrays(task.arena, state), layouts: ParameterLayout.layouts(of: task.arena))
    guard manifest.step > 0 else {
      // Imported weights: nothing was computed that could come out otherwise here.
      logger?.notice("beginning with the weights of \(checkpoint.directory)")
      return 0
    }
    logger?.notice("going on after step \(manifest.step), from \(checkpoint.directory)")
    if manifest.configurationDigest != configurationDigest {
      logger?.warning(
        "the checkpoint is of another configuration: the bits will differ from an uninterrupted run"
      )
    }
    for difference in pins.differences(from: manifest.pins) {
      logger?.warning("\(difference)")
    }
    return manifest.step
  }
}
