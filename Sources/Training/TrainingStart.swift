import ArrayFiles
package import Autodiff
package import Checkpoints
package import Configurations
import DataParallel
import Inference
package import Logging
package import MessagePassing
import Reporting
import Tensors

/// Where a run begins: fresh weights, given weights, or a checkpoint.
package struct TrainingStart {
  /// The networks, the one that the run is named for first.
  private let networks: [Network]
  private let settings: TrainingSettings
  private let communicator: Communicator
  private let logger: Logger?
  private let readInitialWeights: (ParameterArena) throws -> [String]

  /// Gathers what a start needs: the networks of a run, not yet allocated.
  ///
  /// `readInitialWeights` changes the drawn weights of a new run's first network, and gives what the log
  /// says about it.
  package init(
    _ networks: [Network], settings: TrainingSettings, communicator: Communicator, logger: Logger?,
    readInitialWeights: @escaping (ParameterArena) throws -> [String] = { _ in [] }
  ) {
    self.readInitialWeights = readInitialWeights
    self.networks = networks
    self.settings = settings
    self.communicator = communicator
    self.logger = logger
  }

  /// Allocates and fills the networks that have begun, alike on all ranks.
  ///
  /// - Parameter checkpoint: Where the coordinator, which alone reads files, goes on; the other ranks
  ///   get the arrays from it and give none.
  /// - Returns: The steps of the run that are done.
  /// - Throws: `CheckpointError`, `WeightMismatch`, and the errors of files and ranks.
  package func begin(from checkpoint: Checkpoint?) throws -> Int {
    let stepCount = Int(
      try communicator.broadcast([Int64(checkpoint?.manifest.step ?? 0)], root: 0)[0])
    for network in networks where network === networks[0] || network.isTrained(in: stepCount - 1) {
      network.allocate(
        operandType: settings.precision.operandType,
        convolutions: settings.execution.convolutions)
      let optimizerStepCount = communicator.rank == 0 ? try fill(network, from: checkpoint) : 0
      try share(network, optimizerStepCount)
    }
    return stepCount
  }

  /// Sends a network's arrays from the coordinator to all ranks.
  private func share(_ network: Network, _ stepCount: Int) throws {
    let counts = try communicator.broadcast([Int64(stepCount)], root: 0)
    let arrays = network.arrays
    for kind in arrays.kinds {
      if let array = arrays[kind] { try communicator.broadcast(array) }
    }
    network.resume(afterSteps: Int(counts[0]))
  }

  /// Whether the run's own network has buffers that the checkpoint lacks.
  ///
  /// That is so where codes were not to be put back into use before. The buffers begin as in a new run, which the
  /// log is told.
  private func beginsBuffers(of network: Network, _ checkpoint: Checkpoint) -> Bool {
    guard network === networks[0], network.arrays[.buffers] != nil,
      !checkpoint.has(.buffers, ofNetwork: network.name)
    else { return false }
    network.buffers.initialize(seed: settings.run.seed)
    let names = network.buffers.parameters.map(\.name).joined(separator: ", ")
    logger?.notice(
      "the checkpoint has no buffers of the \(network.name): it begins with new \(names)")
    return true
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
      try checkpoint.read(
        into: network.arrays, omitting: beginsBuffers(of: network, checkpoint) ? [.buffers] : [])
      return record.stepCount
    }
    network.initialize(seed: settings.run.seed)
    if network === networks[0] {
      for line in try readInitialWeights(network.arena) { logger?.notice("\(line)") }
      network.beginAverage()
    }
    if network === networks[0], let path = settings.initialWeights {
      guard !FileSystem.isMissing(path) else {
        throw CommandError.unfitData(
          "init: there is no '\(path)': name a run, a checkpoint or a file of weights")
      }
      try ModelSource(path: path).read(into: network.arena) { logger?.warning("\($0)") }
      network.beginAverage()
      logger?.notice("weights from \(path)")
    }
    return 0
  }
}
