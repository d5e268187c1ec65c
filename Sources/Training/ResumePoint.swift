import Checkpoints
import Inference
import Logging
import Reporting

/// Where the coordinator of a run finds the state to go on from.
struct ResumePoint {
  let policy: ResumePolicy
  /// The directory of the run's checkpoints.
  let root: String
  let logger: Logger

  /// The checkpoint that the policy means; nil where the run begins.
  ///
  /// - Throws: `TrainingError.hasCheckpoints` where a beginning was asked for and the run has some;
  ///   `CommandError.noSoundCheckpoint` where there are only damaged ones.
  func checkpoint() throws -> Checkpoint? {
    if case .checkpoint(let path) = policy {
      return try ModelSource(path: path).checkpoint()
    }
    let latest = try CheckpointStore(root: root).latest()
    for rejected in latest.rejected {
      logger.warning(
        "\(rejected.directory) is damaged and passed over: \(rejected.summary)")
    }
    guard let checkpoint = latest.checkpoint else {
      guard latest.rejected.isEmpty else {
        throw CommandError.noSoundCheckpoint(
          directory: root,
          problems: latest.rejected.flatMap { $0.problems.map { "\($0)" } })
      }
      return nil
    }
    if policy == .never {
      throw TrainingError.hasCheckpoints(directory: root, step: checkpoint.manifest.step)
    }
    return checkpoint
  }

  /// Says where the run goes on, and what is not as it was.
  ///
  /// - Parameters:
  ///   - checkpoint: Where it goes on.
  ///   - networks: The networks of the run; those that have begun are allocated.
  ///   - pins: What the bits depend on here and now.
  ///   - configurationDigest: The digest of the run's configuration.
  func report(
    _ checkpoint: Checkpoint, _ networks: [Network], pins: SystemPins, configurationDigest: String
  ) {
    let manifest = checkpoint.manifest
    guard manifest.step > 0 else {
      // Imported weights: nothing was computed that could come out otherwise here.
      logger.notice("beginning with the weights of \(checkpoint.directory)")
      return
    }
    logger.notice("going on after step \(manifest.step), from \(checkpoint.directory)")
    if manifest.configurationDigest != configurationDigest {
      logger.warning(
        "the checkpoint is of another configuration: the bits will differ from an uninterrupted run"
      )
    }
    let known = Set(networks.filter(\.isAllocated).map(\.name))
    for network in manifest.networks where !known.contains(network.name) {
      logger.warning(
        "the checkpoint's network '\(network.name)' is not read: this configuration has not begun it"
      )
    }
    for difference in pins.differences(from: manifest.pins) {
      logger.warning("\(difference)")
    }
  }
}
