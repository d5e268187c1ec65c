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
/// A pipe that nobody reads or writes on the other side would hold the process for ever, and a training
/// beyond the reach of SIGTERM: for a writer a reader waits `pipePatience`, a writer for nobody.
///
/// - Throws: `FileError`.
func openFile(_ path: String, _ flags: Int32) throws -> Int32 {
  let descriptor = try pathCall("open", on: path) {
    open($0, flags | O_CLOEXEC | O_NONBLOCK, 0o666)
  }
  do {
    var status = stat()
    _ = try systemCall("stat", on: path) { fstat(descriptor, &status) }
    if status.st_mode & S_IFMT == S_IFIFO, flags & O_ACCMODE == O_RDONLY {
      try awaitWriter(of: descriptor, path)
    }
    // From here on reading and writing wait as usual.
    _ = try systemCall("fcntl", on: path) { fcntl(descriptor, F_SETFL, flags & O_APPEND) }
  } catch {
    close(descriptor)
    throw error
  }
  return descriptor
}

/// Milliseconds that a reader waits for the first bytes of a pipe, or for its end.
private let pipePatience: Int32 = 10_000

private func awaitWriter(of descriptor: Int32, _ path: String) throws {
  var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
  let count = try systemCall("poll", on: path) { poll(&request, 1, pipePatience) }
  guard count > 0 else { throw FileError(operation: "read", path: path, code: ETIMEDOUT) }
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
