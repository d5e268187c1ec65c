import Foundation

/// A text file of the repository.
public struct RepositoryFile: Sendable {
  /// Path from the repository's root, for instance `Tests/TestSupport/Repository.swift`.
  public let path: String
  /// What it says.
  public let text: String

  /// Makes a file, which need not exist.
  public init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  /// The path of the folder that it lies in; empty at the root.
  public var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }
  /// What the path ends in after the last point.
  public var ending: String { (path as NSString).pathExtension }
}

/// The repository that the tests were compiled in.
public enum Repository {
  /// The folders of the root that hold files of the repository, without those of tools.
  public static let folders = ["Configs", "Docs", "Launch", "Sources", "Tests"]

  /// The repository's folder.
  public static var folder: String { root }

  private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The paths of all files and folders of the repository, from its root.
  public static func paths() throws -> [String] {
    let manager = FileManager.default
    let below = try folders.flatMap { folder in
      try manager.subpathsOfDirectory(atPath: "\(root)/\(folder)").map { "\(folder)/\($0)" }
    }
    let top = try manager.contentsOfDirectory(atPath: root).filter { !$0.hasPrefix(".") }
    return (top + below).sorted()
  }

  /// The files with one of the endings, by path.
  public static func files(endings: Set<String>) throws -> [RepositoryFile] {
    try paths().filter { endings.contains(($0 as NSString).pathExtension) }.map { path in
      RepositoryFile(path: path, text: try text(of: path))
    }
  }

  /// What the file of a path says.
  public static func text(of path: String) throws -> String {
    try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
  }

  /// The bytes of the file of a path.
  public static func bytes(of path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(path)")))
  }
}
