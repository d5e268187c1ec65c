/// An error of a training run.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A loss or a gradient is not finite: exit status 72.
  case notFinite(step: Int, network: String, loss: Double, gradientNorm: Double)
  /// Weights, moments or an average are not finite: exit status 72.
  case notFiniteState(step: Int, network: String, array: String)
  /// A checkpoint is of another model than the configuration: exit status 64.
  case otherModel(checkpoint: String, differences: [String])
  /// `--resume PATH` of another run into one that has checkpoints: exit status 64.
  case otherHistory(directory: String, checkpoint: String)
  /// `--resume never` into a run that has checkpoints: exit status 64.
  case hasCheckpoints(directory: String, step: Int)
  /// A checkpoint is not written within `deadlines.save`: exit status 73.
  case saveTimeout(step: Int, seconds: Double, directory: String)

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .notFinite(let step, let network, let loss, let norm):
      "step \(step): the \(network)'s loss (\(loss)) or gradient (norm \(norm)) is not finite; it was "
        + "not updated. Lower optimizer.rate or optimizer.clip, or go on from an earlier checkpoint "
        + "with --resume PATH"
    case .notFiniteState(let step, let network, let array):
      "step \(step): the \(network)'s \(array) has elements that are infinite or no numbers, and was not "
        + "saved; older checkpoints are as they were. Lower optimizer.rate, and go on from one of them"
    case .otherModel(let checkpoint, let differences):
      "\(checkpoint) is of another model: \(differences.joined(separator: "; ")). Nothing was changed: go "
        + "on with the model of the checkpoint, or train the other one under another run.name"
    case .otherHistory(let directory, let checkpoint):
      "\(directory) has checkpoints of its own, and \(checkpoint) is none of them: give this run another "
        + "run.name, or go on from one of its own"
    case .hasCheckpoints(let directory, let step):
      "\(directory) has checkpoints up to step \(step): go on with --resume auto, or begin under "
        + "another run.name"
    case .saveTimeout(let step, let seconds, let directory):
      "step \(step): its checkpoint is not written and verified after \(seconds) s (deadlines.save): "
        + "the disk of \(directory) does not answer, or is too slow. Look at it, then start the same "
        + "command again: it goes on from the newest sound checkpoint"
    }
  }
}
