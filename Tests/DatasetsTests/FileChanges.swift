import Foundation

/// Names in a folder, hidden ones too.
func names(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// Rewrites a file's bytes.
func modify(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
  let url = URL(fileURLWithPath: path)
  var bytes = [UInt8](try Data(contentsOf: url))
  body(&bytes)
  try Data(bytes).write(to: url)
}

/// Replaces a text in a file.
func replace(_ text: String, by other: String, in path: String) throws {
  let content = try String(contentsOfFile: path, encoding: .utf8)
  precondition(content.contains(text), "'\(text)' is not in \(path)")
  try content.replacingOccurrences(of: text, with: other).write(
    toFile: path, atomically: true, encoding: .utf8)
}
