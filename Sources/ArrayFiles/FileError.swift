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

  /// Runs `body`; its errors about one path name another, which is the one that the user knows.
  static func naming<Result>(
    _ path: String, insteadOf innerPath: String, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch let error as FileError where error.path == innerPath {
      throw FileError(operation: error.operation, path: path, code: error.code)
    }
  }

  /// Whether the cause is that the file or directory does not exist.
  public var isMissing: Bool { code == ENOENT }

  /// The system's text for the error number.
  public var reason: String { systemErrorText(code) }

  /// Whether the cause lies outside of the file and may pass.
  ///
  /// Rights, too many open files, memory, a server that does not answer: what cannot be read may be sound.
  public var mayPass: Bool {
    [EACCES, EPERM, EMFILE, ENFILE, ENOMEM, ESTALE, ETIMEDOUT].contains(code)
  }

  /// What failed, where, the system's text, and what to do.
  public var description: String {
    "\(operation) failed on '\(VisibleText.name(path))': \(reason) (errno \(code)). \(advice)"
  }

  private var advice: String {
    switch code {
    case _ where operation == "flock":
      "The file system gives no locks: use a folder on another disk, or have it mounted with locks "
        + "(Lustre: -o flock; NFS: version 4, or its lock service)."
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
      "It does not exist: check the path; where a file is to be written, make its folder first."
    case EISDIR where operation != "rename":
      "It is a folder, where a file is meant: check the path."
    case EEXIST, ENOTEMPTY, EISDIR:
      "Something is already there: choose another name, or move it away."
    case ENOTDIR:
      "A part of the path is a file, not a folder: check the path."
    case EMFILE, ENFILE:
      "Too many files are open: raise the limit (ulimit -n)."
    case EOPNOTSUPP, ENOSYS:
      "The file system lacks this call: use a folder on another one."
    case EINVAL where path.utf8.contains(0):
      "A path cannot have a zero byte: check where it comes from."
    case ENAMETOOLONG:
      "The name is too long for the file system: choose a shorter one."
    case ELOOP:
      "Links lead in a circle: check them."
    case EIO:
      "The disk reported an input/output error: check it before trusting it with more data."
    default:
      "Check the path and the disk."
    }
  }
}

/// The operating system's text for an error number.
func systemErrorText(_ code: Int32) -> String { String(cString: strerror(code)) }
