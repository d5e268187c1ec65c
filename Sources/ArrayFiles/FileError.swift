import Foundation

/// A call to the operating system about a file that failed.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The call, as the system names it (`write`, `fsync`, `rename`).
  public let operation: String
  /// The file or directory.
  public let path: String
  /// The system's error number.
  public let code: Int32

  /// The failure of `operation` on `path` with error number `code`.
  public init(operation: String, path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// Whether the cause is that the file or directory does not exist.
  public var isMissing: Bool { code == ENOENT }

  /// What failed, where, the system's text, and what to do.
  public var description: String {
    "\(operation) failed on '\(path)': \(systemErrorText(code)) (errno \(code)). \(advice)"
  }

  private var advice: String {
    switch code {
    case ENOSPC:
      "The disk is full: free some space or write to another disk, then run again."
    case EDQUOT:
      "The disk quota is used up: free some space or ask for a larger quota, then run again."
    case EFBIG:
      "The file exceeds the largest size allowed: raise the limit (ulimit -f) or use another disk."
    case EACCES, EPERM:
      "Permission is missing: check the owner and mode of the file and of its folder."
    case EROFS:
      "The disk is mounted read-only: write to another one, or mount it for writing."
    case ENOENT:
      "It does not exist: check the path, and make its folder first."
    case EEXIST, ENOTEMPTY, EISDIR:
      "Something is already there: choose another name, or move it away."
    case ENOTDIR:
      "A part of the path is a file, not a folder: check the path."
    case EMFILE, ENFILE:
      "Too many files are open: raise the limit (ulimit -n)."
    case ENOLCK, EOPNOTSUPP:
      "The file system has no locks: use another one, or mount it with locks."
    case EIO:
      "The disk reported an input/output error: check it before trusting it with more data."
    default:
      "Check the path and the disk."
    }
  }
}

/// The operating system's text for an error number.
func systemErrorText(_ code: Int32) -> String { String(cString: strerror(code)) }

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
