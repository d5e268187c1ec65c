import Checkpoints
import Dispatch
import Logging
import Synchronization

/// Saves training states in the background, one after the other, on the coordinator.
///
/// A save that fails is reported and does not end the training: the next one tries again. How the
/// last one went is known by `finish()`.
final class CheckpointSaver: Sendable {
  private let store: CheckpointStore
  private let layouts: [ParameterLayout]
  private let keptCount: Int
  private let logger: Logger
  private let queue = DispatchQueue(label: "checkpoints")
  private let lastError = Mutex<(any Error)?>(nil)

  init(store: CheckpointStore, layouts: [ParameterLayout], keptCount: Int, logger: Logger) {
    self.store = store
    self.layouts = layouts
    self.keptCount = keptCount
    self.logger = logger
  }

  /// Saves a snapshot; waits for the save before it, so that at most one snapshot is held.
  func save(step: Int, description: CheckpointDescription, snapshot: TrainingArrays) {
    queue.sync {}
    queue.async { [self] in
      do {
        let checkpoint = try store.write(
          step: step, description: description, arrays: snapshot, layouts: layouts)
        try store.prune(keep: keptCount, after: checkpoint)
        lastError.withLock { $0 = nil }
        logger.info("step \(step): checkpoint saved")
      } catch {
        lastError.withLock { $0 = error }
        let text =
          "step \(step): the checkpoint could not be saved; training goes on, older checkpoints "
          + "are as they were: \(error)"
        logger.error("\(text)")
      }
    }
  }

  /// Waits for the last save.
  ///
  /// - Throws: The error of the last save, if it failed.
  func finish() throws {
    queue.sync {}
    if let error = lastError.withLock({ $0 }) { throw error }
  }
}
