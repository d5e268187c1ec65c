package import Checkpoints
import Dispatch
import Foundation
package import Logging
import MachineReport
import Synchronization

/// Saves training states in the background, one after the other, on the coordinator.
///
/// A save that fails is reported and does not end the training: the next one tries again. How the
/// last one went is known by `finish()`.
package final class CheckpointSaver: Sendable {
  private struct State {
    /// What is being saved.
    var snapshot: TrainingSnapshot?
    /// For how long the training thread waited and copied.
    var stall = Duration.zero
    var lastError: (any Error)?
  }

  private let store: CheckpointStore
  private let keptCount: Int
  private let logger: Logger
  private let queue = DispatchQueue(label: "checkpoints")
  private let state = Mutex(State())

  /// Saves into a store.
  package init(store: CheckpointStore, keptCount: Int, logger: Logger) {
    self.store = store
    self.keptCount = keptCount
    self.logger = logger
  }

  /// Begins to save the arrays as they are; waits for the save before it.
  ///
  /// Before they change, `secure` is to be called.
  package func save(step: Int, description: CheckpointDescription, networks: [NetworkArrays]) {
    let start = ContinuousClock.now
    queue.sync {}
    let snapshot = TrainingSnapshot(of: networks)
    state.withLock {
      $0.snapshot = snapshot
      $0.stall = ContinuousClock.now - start
    }
    queue.async { [self] in
      do {
        let checkpoint = try store.write(
          step: step, description: description, snapshot: snapshot)
        try store.prune(keep: keptCount, after: checkpoint)
        let stall = state.withLock { state in
          defer { state = State() }
          return state.stall
        }
        let seconds = String(format: "%.2f", stall.inSeconds)
        logger.info("step \(step): checkpoint saved; training waited \(seconds) s for it")
      } catch {
        state.withLock { $0 = State(lastError: error) }
        let text =
          "step \(step): the checkpoint could not be saved; training goes on, older checkpoints "
          + "are as they were: \(error)"
        logger.error("\(text)")
      }
    }
  }

  /// Whether a save is going on.
  package var isBusy: Bool { state.withLock { $0.snapshot != nil } }

  /// Makes a save that is going on independent of the arrays, which may change afterwards.
  ///
  /// Copies what has not been written, as far as half of the memory that is left allows; for the rest
  /// it waits.
  package func secure() {
    guard let snapshot = state.withLock({ $0.snapshot }), !snapshot.isSecured else { return }
    let start = ContinuousClock.now
    let available = MemoryDescription.current.availableByteCount
    // The system does not tell everywhere.
    snapshot.secure(copyingAtMost: available > 0 ? available / 2 : .max)
    state.withLock { $0.stall += ContinuousClock.now - start }
  }

  /// Waits for the last save.
  ///
  /// - Throws: The error of the last save, if it failed.
  package func finish() throws {
    queue.sync {}
    if let error = state.withLock({ $0.lastError }) { throw error }
  }
}
