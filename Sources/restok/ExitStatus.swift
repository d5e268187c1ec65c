import ArgumentParser
import ArrayFiles
import Checkpoints
import Configurations
import DataParallel
import Datasets
import Evaluation
import HierarchicalGenerator
import ImageFiles
import Kernels
import MessagePassing
import Reporting
import ResidualTokenizer
import Training

/// How the program ends, for scripts and schedulers.
enum ExitStatus: Int32 {
  /// Everything was done.
  case done = 0
  /// An error that has no status of its own.
  case failure = 1
  /// The command line, the configuration or the number of ranks is wrong.
  case usage = 64
  /// Data are missing or damaged.
  case data = 65
  /// A rank does not answer.
  case hang = 70
  /// The replicas of the ranks differ.
  case diverged = 71
  /// A loss or a gradient is not finite.
  case notFinite = 72
  /// A checkpoint or the disk failed.
  case storage = 73
  /// Asked to stop, and saved: start the run again.
  case stopped = 75

  /// The status that tells what kind of error ended the program.
  init(of error: any Error) {
    switch error {
    case is ConfigurationError, is WorldError: self = .usage
    case let error as MessagePassingError:
      self =
        switch error {
        case .threadSupport, .worldSize, .launchVariable: .usage
        case .timeout, .callFailed: .hang
        case .mismatch: .diverged
        }
    case is ReplicaDivergence, is LaneMessageError: self = .diverged
    case let error as ImageError: self = Self.status(of: error)
    case is DataError, is ArrayFileError, is SizeError, is SampleReadingError,
      is EvaluationError, is IterationFailure:
      self = .data
    case is CheckpointError, is FileError, is HDF5Error, is ContentMismatch: self = .storage
    case let error as WeightMismatch:
      self =
        switch error.source {
        case .weightFile: .data
        case .checkpoint: .storage
        }
    case is RunLockError, is OutputStageHeld: self = .usage
    case is NotFiniteLogits, is NotFiniteOutput: self = .notFinite
    case let error as NotFiniteWeights: self = error.isForeign ? .data : .notFinite
    case let error as NamedFileError:
      self = ExitStatus(of: error.problems[0].error)
    case let error as TrainingError:
      self =
        switch error {
        case .notFinite, .notFiniteState: .notFinite
        case .hasCheckpoints, .otherHistory, .otherModel: .usage
        case .saveTimeout: .storage
        }
    case let error as CommandError:
      self =
        switch error {
        case .outputExists, .unsupported: .usage
        case .noSoundCheckpoint, .noCheckpoint, .noConfiguration, .noRoom: .storage
        case .interrupted, .rehearsalFailed: .failure
        case .unfitData: .data
        }
    case let status as ExitStatusError: self = status.status
    default: self = ExitStatus(rawValue: Restok.exitCode(for: error).rawValue) ?? .failure
    }
  }

  private static func status(of error: ImageError) -> ExitStatus {
    switch error {
    case .unwritableFormat: .usage
    case .notEncoded: .storage
    case .notAnImage, .unsupportedFormat, .damaged, .implausibleSize, .tooFewBytes, .unreadable:
      .data
    }
  }
}

/// Ends the program with a status and no message: what there was to say has been said.
struct ExitStatusError: Error {
  let status: ExitStatus
}
