import ArrayFiles

/// A file or folder that was not taken as an image, and why.
public struct OmittedFile: Sendable, Hashable, CustomStringConvertible {
  /// Why something is not taken.
  public enum Reason: String, Sendable, CaseIterable {
    /// Neither its ending nor its first bytes are those of an image.
    case notAnImage = "not an image"
    /// Its name begins with a dot.
    case hidden = "hidden"
    /// It stands in a folder below the one that was named.
    case nested = "in a folder below"
    /// It stands beside the folders of the classes.
    case outsideClasses = "in no class's folder"
    /// A link that leads nowhere.
    case brokenLink = "a link that leads nowhere"
    /// A link to a folder, which is not followed below a class.
    case linkedFolder = "a link to a folder"
    /// A pipe, a device, a socket.
    case notAFile = "not a regular file"
    /// Its first bytes cannot be read.
    case unreadable = "not readable"
    /// A sample of an archive that has no image.
    case noImage = "a sample without an image"
    /// A sample of an archive whose images have a point in their names before the ending, and so have none of the
    /// endings that count.
    case pointInKey = "no image, for a key ends at its first point"
    /// A sample of an archive that has no class.
    case noClass = "a sample without a class"
  }

  /// The path.
  public let path: String
  /// Why it is not taken.
  public let reason: Reason

  /// Something that is not taken.
  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// Where and why.
  public var description: String { "\(VisibleText.name(path)): \(reason.rawValue)" }

  /// What was left out in a few words, with the first names of each reason.
  ///
  /// - Parameters:
  ///   - files: What was left out.
  ///   - nameCount: Names that are given for each reason.
  /// - Returns: A line for each reason; none where nothing was left out.
  public static func summary(of files: [OmittedFile], nameCount: Int = 5) -> [String] {
    Reason.allCases.compactMap { reason in
      let paths = files.filter { $0.reason == reason }.map { VisibleText.name($0.path) }
      guard !paths.isEmpty else { return nil }
      let more = paths.count > nameCount ? " and \(paths.count - nameCount) more" : ""
      return "left out, \(reason.rawValue): \(paths.count) ("
        + paths.prefix(nameCount).joined(separator: ", ") + more + ")"
    }
  }
}
