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

  /// Whether the user has named where.
  var isExplicit: Bool { if case .checkpoint = self { true } else { false } }
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
