import ArrayFiles
import Checkpoints
import FeatureNetworks

/// Files of frozen networks that losses cannot be computed with; all that were found.
package struct LossFileError: Error, CustomStringConvertible {
  /// One of them.
  package struct Problem {
    /// The key that names the file.
    package let key: String
    /// What should be in it.
    package let network: String
    /// What is wrong.
    package let error: any Error
  }

  /// The problems, at least one, in the order of the configuration.
  package let problems: [Problem]

  package var description: String { problems.map(Self.text).joined(separator: "\n  ") }

  private static func text(of problem: Problem) -> String {
    let reason =
      switch problem.error {
      case let error as NotFiniteWeights: "\(error.foreign(tensor: error.tensor))"
      case let error as ArrayFileError where error.problem == WeightsFile.absence:
        "there is no file '\(error.file)': Docs/Recipe.md says where to get it; with the word none the loss is off"
      case let error as WeightMismatch:
        error.text()
          + "\nName the file of \(problem.network), or change the key that says which network is meant."
      default: "\(problem.error)"
      }
    return "\(problem.key) should name a file of \(problem.network): \(reason)"
  }
}
