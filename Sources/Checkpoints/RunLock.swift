import ArrayFiles
import Foundation

/// The right to write into a run's directory, held by one process at a time.
///
/// It is a lock of the operating system on the file `run.lock`, so it ends with the process however
/// that ends; the file stays and only says who held it last.
public final class RunLock {
  /// The name of the lock's file.
  public static let fileName = "run.lock"
  private var descriptor: Int32

  /// Takes the right to write into a directory.
  ///
  /// - Throws: `RunLockError` when another process holds it; `FileError` when the directory does not
  ///   exist, cannot be written, or is on a file system without locks.
  public init(directory: String) throws {
    let path = directory + "/" + Self.fileName
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard opened >= 0 else { throw FileError(operation: "open", path: path, code: errno) }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(opened)
      guard code == EWOULDBLOCK else {
        throw FileError(operation: "flock", path: path, code: code)
      }
      throw RunLockError(directory: directory, holder: Self.holder(path))
    }
    descriptor = opened
    // Only a help for people, so a full disk does not stop the run here.
    let holder = "process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n"
    if ftruncate(opened, 0) == 0 { _ = write(opened, holder, holder.utf8.count) }
  }

  /// Gives the right back; a second call does nothing.
  public func release() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  deinit { release() }

  private static func holder(_ path: String) -> String {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let line = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return line.isEmpty ? "an unknown process" : line
  }
}

/// A run's directory that another process is writing into.
public struct RunLockError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The run's directory.
  public let directory: String
  /// Process and host, as the lock's file says.
  public let holder: String

  /// Who holds the directory, and what to do.
  public var description: String {
    "'\(directory)' is in use by \(holder). Wait for that run or stop it, or give this run another "
      + "name."
  }
}
