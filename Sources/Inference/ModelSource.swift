import ArrayFiles
package import Autodiff
public import Checkpoints
import Foundation
import Reporting

/// Which weights of a checkpoint are meant.
public enum WeightChoice: String, Sendable, CaseIterable {
  /// Their moving average.
  case ema
  /// As they are.
  case model
}

/// Takes a line about a choice that the user would want to know of, such as an older checkpoint.
public typealias Notice = (String) -> Void

/// Where a trained model is.
public struct ModelSource: Sendable, Equatable {
  /// A run directory, a checkpoint directory or a file of weights.
  public let path: String
  /// The configuration of a file of weights, or of a checkpoint that does not hold its own.
  public let configurationPath: String?
  /// Which weights are meant; the moving average where there is one when nil.
  public let weights: WeightChoice?

  /// Names a model.
  public init(path: String, configurationPath: String? = nil, weights: WeightChoice? = nil) {
    self.path = path
    self.configurationPath = configurationPath
    self.weights = weights
  }

  /// Whether a file of weights is meant (`WeightsFile`): something that is no directory, or has a name of
  /// one and is missing.
  public var isFile: Bool {
    !FileSystem.isDirectory(path) && (WeightsFile.hasEnding(path) || FileSystem.exists(path))
  }

  private var isRun: Bool { FileSystem.isDirectory(path + "/checkpoints") }

  /// The checkpoint that is meant: the newest sound one of a run, or a sound one by its directory.
  ///
  /// - Parameter notice: Is told of every newer checkpoint that is damaged and passed over.
  /// - Returns: The checkpoint, which has been read and found sound.
  /// - Throws: `CheckpointError`; `CommandError` where a run has none that is sound.
  public func checkpoint(_ notice: Notice) throws -> Checkpoint {
    try FileSystem.requireVisible(path)
    guard isRun else {
      let verification = CheckpointVerification(of: path)
      try verification.requireSound()
      return try Checkpoint(directory: path)
    }
    guard let checkpoint = try RunDirectory(path: path).newestCheckpoint(notice) else {
      throw CommandError.noCheckpoint(directory: path)
    }
    return checkpoint
  }

  /// Finds the model and its configuration, which are checked against each other.
  ///
  /// - Parameter notice: Is told of choices, such as a checkpoint that is passed over.
  /// - Returns: The model, whose weights have not been read yet.
  /// - Throws: `ConfigurationError`, `CheckpointError`, `CommandError`, and the errors of files.
  package func open(_ notice: Notice) throws -> OpenedModel {
    guard isFile else {
      let checkpoint = try checkpoint(notice)
      return OpenedModel(
        source: self, origin: .checkpoint(checkpoint),
        configuration: try CheckpointConfiguration(of: checkpoint, given: configurationPath, notice)
          .value)
    }
    let file = try ModelFile(path: path)
    return OpenedModel(
      source: self, origin: .file(file),
      configuration: try file.configuration(configurationPath))
  }

  /// Reads the weights into `arena`, whatever their configuration says.
  ///
  /// - Throws: `WeightMismatch` where they are not those of the arena; the errors of files.
  package func read(into arena: ParameterArena, _ notice: Notice) throws {
    guard isFile else { return try checkpoint(notice).read(weights, into: arena) }
    for omitted in try PublishedWeights.read(path, into: arena) { notice("\(path): \(omitted)") }
  }
}
