/// Everything that is wrong with a configuration, found in one reading.
///
/// A program that ends because of it exits with status 64, the status of wrong usage.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// One thing that is wrong.
  public struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where a value was written.
    public enum Origin: Sendable, Hashable {
      /// On a line of the file, counted from 1.
      case line(Int)
      /// In an override on the command line.
      case commandLine
      /// Nowhere in particular.
      case unknown
    }

    /// The path of the key, such as `model.encoder.heads`; empty for the file as a whole.
    public let path: String
    /// Where it was written.
    public let origin: Origin
    /// What was expected, what was found and what to do.
    public let message: String

    /// Creates a problem.
    public init(path: String, origin: Origin, message: String) {
      self.path = path
      self.origin = origin
      self.message = message
    }

    /// The path, the place and the message in a line.
    public var description: String {
      let place =
        switch origin {
        case .line(let line): "line \(line)"
        case .commandLine: "command line"
        case .unknown: ""
        }
      switch (path.isEmpty, place.isEmpty) {
      case (true, true): return message
      case (true, false): return "\(place): \(message)"
      case (false, true): return "\(path): \(message)"
      case (false, false): return "\(path) (\(place)): \(message)"
      }
    }
  }

  /// The file, as it was named by the caller.
  public let file: String
  /// The problems, in the order of the file's lines.
  public let problems: [Problem]

  /// Creates an error from its problems.
  public init(file: String, problems: [Problem]) {
    self.file = file
    self.problems = problems
  }

  /// The file, then a line for every problem.
  public var description: String {
    let lines = problems.map { "\n  \($0)" }.joined()
    return "\(file): \(problems.count) problem\(problems.count == 1 ? "" : "s")" + lines
  }
}

/// Gathers problems while a configuration is read.
final class ProblemCollector {
  /// The path of every key that the configuration may have, for hints.
  let knownPaths: [String]
  private(set) var problems: [ConfigurationError.Problem] = []

  init(knownPaths: [String]) {
    self.knownPaths = knownPaths
  }

  func add(_ path: String, _ origin: ConfigurationError.Problem.Origin, _ message: String) {
    problems.append(.init(path: path, origin: origin, message: message))
  }

  /// Whether the value of any of these paths, or of something around or inside one, could not be
  /// read.
  func failed(anyOf paths: [String]) -> Bool {
    func isInside(_ path: String, _ other: String) -> Bool {
      path == other || path.hasPrefix(other + ".") || path.hasPrefix(other + "[")
    }
    return paths.contains { path in
      problems.contains { isInside(path, $0.path) || isInside($0.path, path) }
    }
  }

  /// The problems by line; those of the command line last.
  var sorted: [ConfigurationError.Problem] {
    func position(_ problem: ConfigurationError.Problem) -> Int {
      switch problem.origin {
      case .line(let line): line
      case .unknown: 0
      case .commandLine: .max
      }
    }
    return problems.enumerated()
      .sorted { (position($0.element), $0.offset) < (position($1.element), $1.offset) }
      .map(\.element)
  }
}
