import Foundation

/// Runs `body` with the path of a new directory and removes it afterwards.
public func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = (NSTemporaryDirectory() as NSString)
    .appendingPathComponent("test-" + UUID().uuidString)
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}
