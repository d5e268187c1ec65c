import Checkpoints
import Configurations
import DataParallel
import Inference
import Logging
import Optimizers
import Reporting
import Tensors

/// Where a run begins: fresh weights, given weights, or a checkpoint.
struct TrainingStart {
  /// The networks, the one that the run is named for first.
  let networks: [Network]
  let settings: TrainingSettings
  let session: TrainingSession
  let pins: SystemPins
  let logger: Logger?
  let configurationDigest: String

  /// Allocates and fills the networks that have begun, alike on all ranks.
  ///
  /// Only the coordinator reads files; the others get the arrays from it.
  ///
  /// - Returns: The steps of the run that are done.
  func begin(_ recorder: RunRecorder?) throws -> Int {
    let found = try recorder.flatMap { try checkpoint($0) }
    let communicator = session.communicator
    let stepCount = Int(
      try communicator.broadcast([Int64(found?.manifest.step ?? 0)], root: 0)[0])
    for network in networks where network === networks[0] || network.isTrained(in: stepCount - 1) {
      network.allocate(operandType: settings.precision.operandType)
      let optimizerStepCount = try recorder.map { _ in try fill(network, from: found) } ?? 0
      try share(network, optimizerStepCount)
    }
    if recorder != nil, let found { report(found) }
    return stepCount
  }

  /// Sends a network's arrays from the coordinator to all ranks.
  private func share(_ network: Network, _ stepCount: Int) throws {
    let communicator = session.communicator
    let counts = try communicator.broadcast([Int64(stepCount)], root: 0)
    let arrays = network.arrays
    for kind in arrays.kinds {
      if let array = arrays[kind] { try communicator.broadcast(array) }
    }
    network.resume(afterSteps: Int(counts[0]))
  }

  /// Reads or draws a network's arrays.
  ///
  /// - Returns: The steps that its optimizer has done.
  private func fill(_ network: Network, from checkpoint: Checkpoint?) throws -> Int {
    if let checkpoint {
      guard
        let record = checkpoint.manifest.networks.first(where: { $0.name == network.name })
      else {
        throw CheckpointError.noSuchNetwork(
          directory: checkpoint.directory, network: network.name,
          found: checkpoint.manifest.networks.map(\.name))
      }
      try checkpoint.read(into: network.arrays)
      return record.stepCount
    }
    network.initialize(seed: settings.run.seed)
    if network === networks[0], let path = settings.initialWeights {
      try ModelSource(path: path).read(into: network.arena)
      network.beginAverage()
      logger?.notice("weights from \(path)")
    }
    return 0
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
        throw CommandError.noSoundCheckpoint(
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

  /// Says where the run goes on, and what is not as it was.
  private func report(_ checkpoint: Checkpoint) {
    let manifest = checkpoint.manifest
    guard manifest.step > 0 else {
      // Imported weights: nothing was computed that could come out otherwise here.
      logger?.notice("beginning with the weights of \(checkpoint.directory)")
      return
    }
    logger?.notice("going on after step \(manifest.step), from \(checkpoint.directory)")
    if manifest.configurationDigest != configurationDigest {
      logger?.warning(
        "the checkpoint is of another configuration: the bits will differ from an uninterrupted run"
      )
    }
    let known = Set(networks.filter(\.isAllocated).map(\.name))
    for network in manifest.networks where !known.contains(network.name) {
      logger?.warning(
        "the checkpoint's network '\(network.name)' is not read: this configuration has not begun it"
      )
    }
    for difference in pins.differences(from: manifest.pins) {
      logger?.warning("\(difference)")
    }
  }
}
