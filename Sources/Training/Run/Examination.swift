import ArrayFiles
import Configurations
import Inference
import MessagePassing

/// What is due after a step beside training: a score on held-out data, a picture.
struct Examination: Equatable {
  var evaluates = false
  var shows = false

  /// Nothing.
  static let none = Examination()

  /// What is due after a step: both after the last one.
  static func due(after step: Int, _ settings: TrainingSettings) -> Examination {
    guard step > 0 else { return .none }
    func isDue(_ interval: Int) -> Bool {
      step == settings.stepCount || (interval > 0 && step % interval == 0)
    }
    return Examination(
      evaluates: isDue(settings.evaluation.interval), shows: isDue(settings.log.imageInterval))
  }

  /// What the coordinator found, on every rank.
  ///
  /// - Throws: `MessagePassingError`.
  func shared(_ communicator: Communicator) throws -> Examination {
    let words = try communicator.broadcast([evaluates ? Int64(1) : 0, shows ? 1 : 0], root: 0)
    return Examination(evaluates: words[0] != 0, shows: words[1] != 0)
  }

  /// What is missing of a run that goes on: it was killed, or stopped by a signal, between a checkpoint
  /// and what belongs to its step.
  ///
  /// - Parameters:
  ///   - directory: The run's directory.
  ///   - step: The step of the checkpoint.
  ///   - settings: What says what is due.
  /// - Returns: What is due and not there.
  /// - Throws: `FileError`.
  static func missing(in directory: RunDirectory, after step: Int, _ settings: TrainingSettings)
    throws -> Examination
  {
    var missing = due(after: step, settings)
    if missing.evaluates {
      missing.evaluates = try !MetricsLog.contains(
        kind: "evaluation", step: step, in: directory.metricsPath)
    }
    if missing.shows { missing.shows = try !directory.hasPicture(ofStep: step) }
    return missing
  }
}
