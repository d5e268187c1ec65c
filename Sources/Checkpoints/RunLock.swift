import ArrayFiles
import Foundation

/// The right to write into a run's directory, held by one process at a time.
///
/// It is a lock of the operating system on the file `run.lock`, so it ends with the process however
/// that ends; the file stays and only says who held it last.
public final class RunLock {
  /// The name of the lock's file.
  public static let fileName = "run.lock"
  private let lock: FileLock

  /// Takes the right to write into a directory.
  ///
  /// - Throws: `RunLockError` when another process holds it; `FileError` when the directory does not
  ///   exist, cannot be written, or is on a file system without locks.
  public init(directory: String) throws {
    let path = directory + "/" + Self.fileName
    var lock: FileLock?
    repeat {
      lock = try FileLock(file: path)
      // A start that was refused meanwhile may have removed the file with its directory.
    } while lock.map { !$0.isStillNamed } ?? false
    guard let lock else {
      throw RunLockError(directory: directory, holder: Self.holder(path))
    }
    self.lock = lock
    // Only a help for people, so a full disk does not stop the run here.
    lock.note("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n")
  }

  /// Gives the right back; a second call does nothing.
  public func release() { lock.release() }

  private static func holder(_ path: String) -> String {
    let text = String(decoding: (try? FileSystem.bytes(of: path)) ?? [], as: UTF8.self)
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
    "'\(VisibleText.name(directory))' is in use by \(VisibleText.name(holder)). Wait for that run or stop it, or give this run another "
      + "name."
  }
}
