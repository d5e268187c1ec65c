import Foundation

/// A file of the repository: where it lies and what it says.
struct SourceFile {
  /// Path from the repository's root, for instance `Sources/Tensors/Tensor.swift`.
  let path: String
  let text: String
  /// The text with comments and the contents of string literals blanked out; lines stay in place.
  let code: String

  init(path: String, text: String) {
    self.path = path
    self.text = text
    code = withoutCommentsAndStrings(text, isC: path.hasSuffix(".c") || path.hasSuffix(".h"))
  }

  var isSwift: Bool { path.hasSuffix(".swift") }
  var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }
  var isUnderSources: Bool { path.hasPrefix("Sources/") }
  /// The second component: the target, for files under Sources.
  var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
}

/// The repository that these tests were compiled in.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// All files of Sources and Tests with one of the endings, by path.
  static func files(endings: Set<String>) throws -> [SourceFile] {
    var files: [SourceFile] = []
    for folder in ["Sources", "Tests"] {
      let names = try FileManager.default.subpathsOfDirectory(
        atPath: root.appending(path: folder).path)
      for name in names.sorted() where endings.contains((name as NSString).pathExtension) {
        let path = "\(folder)/\(name)"
        files.append(SourceFile(path: path, text: try text(of: path)))
      }
    }
    return files
  }

  static func text(of path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }
}
