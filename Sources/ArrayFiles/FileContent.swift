import Foundation

/// The bytes of a whole file, mapped into memory, so that a part that is not used is not read.
func fileContent(at path: String) throws -> Data {
  // Foundation's own error for a missing file names neither the call nor the number.
  try systemCall("open", on: path) { access(path, R_OK) }
  guard !FileSystem.isDirectory(path) else {
    throw FileError(operation: "open", path: path, code: EISDIR)
  }
  return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
}
