// By bytes, not by characters: to the system a slash ends a name even before a combining accent.
extension SystemPath {
  private static let slash = UInt8(ascii: "/")
  private static let point = UInt8(ascii: ".")

  /// The path without slashes at its end; that of the root stays.
  public static func withoutEndingSlash(_ path: String) -> String {
    let end = path.utf8.lastIndex { $0 != Self.slash }
    guard let end else { return path.isEmpty ? "" : "/" }
    return String(path[..<path.utf8.index(after: end)])
  }

  /// Whether the path ends with a slash.
  public static func endsWithSlash(_ path: String) -> Bool { path.utf8.last == Self.slash }

  /// The last name of a path: `c.png` of `a/b/c.png` and of `a/b/c.png/`.
  public static func name(of path: String) -> String {
    let path = withoutEndingSlash(path)
    guard path != "/", let end = path.utf8.lastIndex(of: Self.slash) else { return path }
    return String(path[path.utf8.index(after: end)...])
  }

  /// Whether a text from outside is the name of something in a folder: not empty, neither `.` nor `..`,
  /// and without a slash or a zero byte.
  public static func isName(_ text: String) -> Bool {
    !["", ".", ".."].contains(text) && !text.utf8.contains { $0 == slash || $0 == 0 }
  }

  /// The folder that a path stands in, as the system finds it: `a` of `a/b`, `.` of `a`, `..` of `.`.
  public static func parent(of path: String) -> String {
    let path = withoutEndingSlash(path)
    switch name(of: path) {
    case "/": return "/"
    case "": return "."
    case "..": return path + "/.."
    case ".":
      let before = withoutEndingSlash(String(path.dropLast()))
      return before.isEmpty ? ".." : parent(of: before)
    default:
      guard let end = path.utf8.lastIndex(of: Self.slash) else { return "." }
      return withoutEndingSlash(String(path[..<path.utf8.index(after: end)]))
    }
  }

  /// What stands behind the last point of the last name, in lower case: `png`; empty for a name
  /// without a point, or with one at its beginning or end alone.
  public static func ending(of path: String) -> String {
    let name = name(of: path)
    return endingStart(name).map { name[$0...].lowercased() } ?? ""
  }

  /// The last name without its ending: `c` of `a/b/c.png`.
  public static func stem(of path: String) -> String {
    let name = name(of: path)
    return endingStart(name).map { String(name.utf8.prefix(upTo: $0).dropLast()) ?? name } ?? name
  }

  /// The path of a name in a folder.
  public static func path(of name: String, in folder: String) -> String {
    endsWithSlash(folder) ? folder + name : folder + "/" + name
  }

  private static func endingStart(_ name: String) -> String.Index? {
    guard let point = name.utf8.lastIndex(of: Self.point), point != name.startIndex else {
      return nil
    }
    let start = name.utf8.index(after: point)
    return start == name.endIndex ? nil : start
  }
}
