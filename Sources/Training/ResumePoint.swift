import ArrayFiles
import Checkpoints
import Configurations
import Inference
import Logging
import Reporting

/// Where the coordinator of a run finds the state to go on from.
struct ResumePoint {
  let policy: ResumePolicy
  let directory: RunDirectory
  let logger: Logger

  /// The checkpoint that the policy means; nil where the run begins.
  ///
  /// - Throws: `TrainingError` where the run's directory has another history than the one that was
  ///   asked for; `CommandError.noSoundCheckpoint` where there are only damaged checkpoints.
  func checkpoint() throws -> Checkpoint? {
    let notice: Notice = { logger.warning("\($0)") }
    if case .checkpoint(let path) = policy {
      let checkpoint = try ModelSource(path: path).checkpoint(notice)
      let own = try CheckpointStore(root: directory.checkpointsPath).directories()
      guard own.isEmpty || isOwn(checkpoint) else {
        throw TrainingError.otherHistory(
          directory: directory.path, checkpoint: checkpoint.directory)
      }
      return checkpoint
    }
    let checkpoint = try directory.newestCheckpoint(notice)
    if let checkpoint, policy == .never {
      throw TrainingError.hasCheckpoints(
        directory: directory.checkpointsPath, step: checkpoint.manifest.step)
    }
    return checkpoint
  }

  /// Whether a checkpoint is one of the run's own.
  func isOwn(_ checkpoint: Checkpoint) -> Bool {
    FileSystem.isSame(
      SystemPath.parent(of: checkpoint.directory), as: directory.checkpointsPath)
  }

  /// Refuses to train another model with the state of a checkpoint.
  ///
  /// Shapes alone do not tell: heads, for example, change none.
  ///
  /// - Throws: `TrainingError.otherModel` with the keys that differ; the errors of the checkpoint's
  ///   configuration.
  func check<Configuration: RunConfiguration>(
    _ checkpoint: Checkpoint, against configuration: Configuration
  ) throws {
    let found: AnyRunConfiguration
    do {
      found = try CheckpointConfiguration(of: checkpoint) { logger.warning("\($0)") }.value
    } catch let error as CommandError {
      // Only checkpoints of earlier versions, outside of their run, do not say what they were trained with.
      logger.warning("\(error)")
      return
    }
    guard let old = found.base as? Configuration else {
      throw TrainingError.otherModel(
        checkpoint: checkpoint.directory,
        differences: ["kind: \(Configuration.kind) instead of \(found.kind)"])
    }
    let hasDiscriminator = checkpoint.manifest.networks.contains { $0.name == "discriminator" }
    let differences = configuration.differences(from: old).filter { difference in
      let isOther = difference.value != nil && difference.otherValue != nil
      return difference.changesModel
        || hasDiscriminator && isOther && difference.path == Self.discriminatorKey
    }
    guard !differences.isEmpty else { return }
    throw TrainingError.otherModel(
      checkpoint: checkpoint.directory, differences: differences.map(\.description))
  }

  /// What kind of discriminator a checkpoint that has one is of.
  private static let discriminatorKey = "losses.adversarial.discriminator"

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
      let isOn = networks.contains { $0.name == network.name }
      let reason =
        isOn ? "has not begun it" : "has its loss off, and the next checkpoints will be without it"
      logger.warning(
        "the checkpoint's network '\(network.name)' is not read: this configuration \(reason)")
    }
    for difference in pins.differences(from: manifest.pins) {
      logger.warning("\(difference)")
    }
  }
}
