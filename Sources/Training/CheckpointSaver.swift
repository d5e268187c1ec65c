package import Checkpoints
import Dispatch
import Foundation
package import Logging
import MachineReport
import Synchronization

/// Saves training states in the background, one after the other, on the coordinator.
///
/// A save that fails is reported and does not end the training: the next one tries again. How the
/// last one went is known by `finish()`. A save that takes longer than the deadline does end it, as
/// soon as the training would have to wait for it: a disk that does not answer must not hold all
/// ranks for ever.
package final class CheckpointSaver: Sendable {
  private struct State {
    /// What is being saved.
    var snapshot: TrainingSnapshot?
    /// Its step.
    var step = 0
    /// When it must be done.
    var end = Date.distantPast
    /// For how long the training thread waited and copied.
    var stall = Duration.zero
    var lastError: (any Error)?
  }

  private let store: CheckpointStore
  private let keptCount: Int
  private let deadline: Double
  private let logger: Logger
  private let queue = DispatchQueue(label: "checkpoints")
  /// Has a member while a save is going on.
  private let saves = DispatchGroup()
  private let state = Mutex(State())

  /// Saves into a store.
  ///
  /// - Parameters:
  ///   - store: Where the checkpoints go.
  ///   - keptCount: Checkpoints to keep.
  ///   - deadline: Seconds that writing and verifying a checkpoint may take.
  ///   - logger: What is told of saves.
  package init(store: CheckpointStore, keptCount: Int, deadline: Double, logger: Logger) {
    self.store = store
    self.keptCount = keptCount
    // Foundation's dates are good for a century.
    self.deadline = min(deadline, 3e9)
    self.logger = logger
  }

  /// Begins to save the arrays as they are; waits for the save before it.
  ///
  /// Before they change, `secure` is to be called.
  ///
  /// - Throws: `TrainingError.saveTimeout` when the save before it does not end in time.
  package func save(
    step: Int, description: CheckpointDescription, networks: [NetworkArrays]
  ) throws {
    let start = ContinuousClock.now
    try wait()
    let snapshot = TrainingSnapshot(of: networks)
    state.withLock {
      $0.snapshot = snapshot
      $0.step = step
      $0.end = Date(timeIntervalSinceNow: deadline)
      $0.stall = ContinuousClock.now - start
    }
    saves.enter()
    queue.async { [self] in
      defer { saves.leave() }
      do {
        let checkpoint = try store.write(
          step: step, description: description, snapshot: snapshot)
        try store.prune(keep: keptCount, after: checkpoint)
        let stall = state.withLock { state in
          (state.snapshot, state.lastError) = (nil, nil)
          return state.stall
        }
        let seconds = String(format: "%.2f", stall.inSeconds)
        logger.info("step \(step): checkpoint saved; training waited \(seconds) s for it")
      } catch {
        state.withLock { ($0.snapshot, $0.lastError) = (nil, error) }
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
  ///
  /// - Parameter byteCount: Bytes to copy at most; nil for half of the memory that is left.
  /// - Throws: `TrainingError.saveTimeout` when the save does not get there in time.
  package func secure(copyingAtMost byteCount: Int? = nil) throws {
    let (saved, end) = state.withLock { ($0.snapshot, $0.end) }
    guard let snapshot = saved, !snapshot.isSecured else { return }
    let start = ContinuousClock.now
    let available = MemoryDescription.current.availableByteCount
    // The system does not tell everywhere.
    let limit = byteCount ?? (available > 0 ? available / 2 : .max)
    guard snapshot.secure(copyingAtMost: limit, until: end) else { throw timeout }
    state.withLock { $0.stall += ContinuousClock.now - start }
  }

  /// Waits for the last save.
  ///
  /// - Throws: The error of the last save, if it failed; `TrainingError.saveTimeout` when it does not
  ///   end in time.
  package func finish() throws {
    try wait()
    if let error = state.withLock({ $0.lastError }) { throw error }
  }

  /// Waits for the save that is going on, until its time is over.
  private func wait() throws {
    let (isOver, end) = state.withLock { ($0.snapshot == nil, $0.end) }
    // Of a save that is over only its line in the log may be left.
    let seconds = max(isOver ? 1 : 0, end.timeIntervalSinceNow)
    guard saves.wait(timeout: .now() + seconds) == .success else { throw timeout }
  }

  private var timeout: TrainingError {
    .saveTimeout(step: state.withLock { $0.step }, seconds: deadline, directory: store.root)
  }
}
