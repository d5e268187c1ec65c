public import DataParallel
public import MessagePassing

/// Where a training run begins.
public enum ResumePolicy: Sendable, Equatable {
  /// At the newest sound checkpoint of the run, else at the beginning.
  case automatic
  /// At the beginning; refused when the run has checkpoints.
  case never
  /// At a given checkpoint directory.
  case checkpoint(String)
}

/// The surroundings of a training run: its ranks and the wish to stop.
public struct TrainingSession: Sendable {
  /// The ranks.
  public let communicator: Communicator
  /// Whether somebody asked the run to stop.
  public let stopSignal: StopSignal
  /// Where the run begins.
  public let resume: ResumePolicy

  /// Groups the surroundings.
  public init(communicator: Communicator, stopSignal: StopSignal, resume: ResumePolicy) {
    self.communicator = communicator
    self.stopSignal = stopSignal
    self.resume = resume
  }

  /// Whether this rank reads, saves and speaks.
  public var isCoordinator: Bool { communicator.rank == 0 }
}

/// How a training run ended.
public enum TrainingOutcome: Sendable, Equatable {
  /// All steps are done.
  case finished(step: Int)
  /// Saved and stopped on request: start the same command again.
  case stopped(step: Int)
}

/// An error of a training run.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A loss or a gradient is not finite: exit status 72.
  case notFinite(step: Int, network: String, loss: Double, gradientNorm: Double)
  /// `--resume never` into a run that has checkpoints: exit status 64.
  case hasCheckpoints(directory: String, step: Int)
  /// Something stands where a new directory is to be: exit status 64.
  case outputExists(String)
  /// Checkpoints are there and none is sound: exit status 73.
  case noSoundCheckpoint(directory: String, problems: [String])
  /// A disk has too little room for what is to be written: exit status 73.
  case noRoom(directory: String, neededByteCount: Int, availableByteCount: Int)
  /// A signal ended a measurement.
  case interrupted(signal: String)
  /// Something in a configuration that this version cannot do: exit status 64.
  case unsupported(String)
  /// The data do not fit the model: exit status 65.
  case unfitData(String)

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .notFinite(let step, let network, let loss, let norm):
      "step \(step): the \(network)'s loss (\(loss)) or gradient (norm \(norm)) is not finite; it was "
        + "not updated. Lower optimizer.rate or optimizer.clip, or go on from an earlier checkpoint "
        + "with --resume PATH"
    case .hasCheckpoints(let directory, let step):
      "\(directory) has checkpoints up to step \(step): go on with --resume auto, or begin under "
        + "another run.name"
    case .outputExists(let path):
      "\(path): something is there already, and nothing was written: name another folder, or move "
        + "it away"
    case .noSoundCheckpoint(let directory, let problems):
      "\(directory): no checkpoint is sound:\n" + problems.map { "  \($0)\n" }.joined()
        + "Move the directory away to begin anew, or restore it from a copy"
    case .noRoom(let directory, let needed, let available):
      "\(directory) has room for \(available) bytes, \(needed) are needed: free some space, or name "
        + "a directory of another disk"
    case .interrupted(let signal): "stopped by \(signal); what was written has been removed"
    case .unsupported(let text), .unfitData(let text): text
    }
  }
}
