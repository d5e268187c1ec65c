import TestSupport

/// Words that Sources must not say.
struct WordRules {
  /// Views of bytes with bounds: the bridge between a tensor's storage and a file or message.
  private static let byteViews: Set<String> = [
    "UnsafeRawBufferPointer", "UnsafeMutableRawBufferPointer", "withUnsafeBytes",
    "withUnsafeMutableBytes",
  ]

  /// What ends the program without a message, or is left undone.
  static func violations(of file: RepositoryFile) -> [String] {
    let faults = file.codeLines.enumerated().flatMap { index, line in
      ["try!", "fatalError(", "as!"].filter(line.contains).map {
        "\(file.path):\(index + 1): \($0)"
      }
    }
    let marks = ["TODO", "FIXME"].filter(file.text.contains).map { "\(file.path): \($0)" }
    return (file.ending == "swift" ? faults : []) + marks
  }

  /// Foundation's ways to the disk.
  ///
  /// They expand `~`, want UTF-8, trap where a path is one letter long,
  /// and throw errors without the system's number: paths go through `FileSystem` and `SystemPath`.
  static func pathViolations(of file: RepositoryFile) -> [String] {
    let calls = [
      "FileManager", "FileHandle", "NSString", "fileURLWithPath", "filePath:", "Data(contentsOf",
      "String(contentsOf", "atomically", "to: URL", "localizedDescription",
      "NSTemporaryDirectory", "NSHomeDirectory", "expandingTilde", "deletingLastPath",
    ]
    return file.codeLines.enumerated().flatMap { index, line in
      calls.filter(line.contains).map { "\(file.path):\(index + 1): \($0)" }
    }
  }

  /// Pointers of a file whose target must not handle any.
  static func pointerViolations(of file: RepositoryFile) -> [String] {
    file.codeLines.enumerated().flatMap { index, line in
      line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        .filter { word in
          (word.lowercased().contains("unsafe") && !byteViews.contains(word))
            || word == "OpaquePointer" || word == "Unmanaged"
        }
        .map { "\(file.path):\(index + 1): \($0)" }
    }
  }

  /// Names of files and folders that say nothing about what is inside: `StringUtils`, `common.c`.
  static func nameViolations(of path: String) -> [String] {
    let words = path.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
      .split { !$0.isLetter }
    let empty: Set<Substring> = [
      "util", "utils", "utility", "utilities", "common", "helper", "helpers",
    ]
    return empty.isDisjoint(with: words) ? [] : ["\(path) says nothing about what is inside"]
  }
}
