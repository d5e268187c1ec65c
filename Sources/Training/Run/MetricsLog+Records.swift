import ArrayFiles
import Foundation

extension MetricsLog {
  /// Whether a file of figures has a record of a kind and step.
  ///
  /// - Parameters:
  ///   - kind: The kind, such as `evaluation`.
  ///   - step: The step.
  ///   - path: The file; it need not be there.
  /// - Returns: Whether there is one.
  /// - Throws: `FileError` when the file is there and cannot be read.
  static func contains(kind: String, step: Int, in path: String) throws -> Bool {
    struct Head: Decodable {
      var kind: String
      var step: Int
    }
    guard FileSystem.exists(path) else { return false }
    return try FileSystem.bytes(of: path).split(separator: UInt8(ascii: "\n")).contains { line in
      // A line that is damaged is no record.
      guard let head = try? JSONText.decode(Head.self, from: Data(line)) else { return false }
      return head.kind == kind && head.step == step
    }
  }
}
