import Foundation

/// Runs a system call that returns a negative number on failure, again while it is interrupted.
///
/// - Throws: `FileError` with the call's error number.
@discardableResult
func systemCall<Result: SignedInteger>(
  _ operation: String, on path: String, _ body: () -> Result
) throws -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = errno
    if code != EINTR { throw FileError(operation: operation, path: path, code: code) }
  }
}

/// Runs a system call that takes a path, as `systemCall` does.
///
/// - Throws: `FileError`.
@discardableResult
func pathCall<Result: SignedInteger>(
  _ operation: String, on path: String, _ body: (_ path: [CChar]) -> Result
) throws -> Result {
  let characters = try SystemPath.characters(of: path, for: operation)
  return try systemCall(operation, on: path) { body(characters) }
}

/// Opens a file; what it makes has the rights that the umask leaves.
///
/// - Throws: `FileError`.
func openFile(_ path: String, _ flags: Int32) throws -> Int32 {
  try pathCall("open", on: path) { open($0, flags | O_CLOEXEC, 0o666) }
}

/// Writes all bytes to a descriptor.
///
/// - Throws: `FileError`; then a part may be written.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
  var rest = bytes
  while !rest.isEmpty {
    let count = try systemCall("write", on: path) {
      write(descriptor, rest.baseAddress, rest.count)
    }
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
  }
}
