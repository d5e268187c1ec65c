import Foundation

/// The bytes of a file.
func bytes(of path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Writes bytes to a file without any care, as damage does.
func overwrite(_ path: String, _ bytes: [UInt8]) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// The bytes of a fixture that stands in a test as base64 text.
func fixture(_ base64: String) throws -> [UInt8] {
  guard let data = Data(base64Encoded: base64) else { throw CocoaError(.coderReadCorrupt) }
  return [UInt8](data)
}
