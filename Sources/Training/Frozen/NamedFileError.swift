import ArrayFiles
import Checkpoints
import FeatureNetworks

/// Files that a configuration names and that cannot be used, all that were found: networks of losses and scores,
/// statistics.
package struct NamedFileError: Error, CustomStringConvertible {
  /// One of them.
  package struct Problem {
    /// The key that names the file.
    package let key: String
    /// What should be in it.
    package let content: String
    /// What is wrong.
    package let error: any Error
  }

  /// The problems, at least one, in the order of the configuration.
  package let problems: [Problem]

  package var description: String { problems.map(Self.text).joined(separator: "\n  ") }

  private static func text(of problem: Problem) -> String {
    let reason =
      switch problem.error {
      case let error as ArrayFileError where error.problem == WeightsFile.absence:
        "there is no file '\(error.file)': " + advice(about: problem.key)
      case let error as WeightMismatch:
        error.text()
          + "\nName the file of \(problem.content), or change the key that says which network is meant."
      default: "\(problem.error)"
      }
    return "\(problem.key) should name a file of \(problem.content): \(reason)"
  }

  private static func advice(about key: String) -> String {
    key.hasPrefix("evaluate.")
      ? "name one, or take what looks through it out of evaluate.metrics"
      : "Docs/Recipe.md says where to get it; with the word none the loss is off"
  }

  /// Makes two things, and throws the problems of both together; other errors at once.
  ///
  /// - Throws: `NamedFileError` with every problem.
  static func joining(_ first: () throws -> Void, _ second: () throws -> Void) throws {
    var problems: [Problem] = []
    do {
      try first()
    } catch let error as NamedFileError {
      problems += error.problems
    }
    do {
      try second()
    } catch let error as NamedFileError {
      problems += error.problems
    }
    if !problems.isEmpty { throw NamedFileError(problems: problems) }
  }
}
