import Foundation
import Synchronization

/// A file or directory that is written aside, in the folder where it will stand.
///
///     .NAME.tmp-HOST-NONCE
///
/// Its writer holds a lock on it, so that another one can tell what a killed program has left behind
/// from what is still being written, by this machine or another one that shares the disk. The first
/// file that a process writes into a folder removes what dead writers have left there.
public final class TemporaryPath {
  /// Where it is written.
  public let path: String
  private let finalPath: String
  /// nil on a file system without locks, and after the end.
  private var lock: FileLock?

  /// Makes an empty file aside.
  ///
  /// - Parameter finalPath: Where the file will stand.
  /// - Throws: `FileError`.
  public convenience init(fileFor finalPath: String) throws {
    try self.init(for: finalPath, make: { _ = try FileWriter(path: $0) }) {
      try FileLock(existingFile: $0)
    }
  }

  /// Makes an empty directory aside.
  ///
  /// - Parameter finalPath: Where the directory will stand.
  /// - Throws: `FileError`.
  public convenience init(directoryFor finalPath: String) throws {
    try self.init(for: finalPath, make: FileSystem.createDirectory) {
      try FileLock(directory: $0)
    }
  }

  private init(
    for finalPath: String, make: (String) throws -> Void, lock: (String) throws -> FileLock?
  ) throws {
    self.finalPath = SystemPath.withoutEndingSlash(finalPath)
    // The name aside is cut to what file systems take: the final one would be refused after the work.
    guard SystemPath.name(of: self.finalPath).utf8.count <= TemporaryNames.largestNameByteCount
    else {
      throw FileError(operation: "open", path: finalPath, code: ENAMETOOLONG)
    }
    TemporaryNames.removeAbandoned(in: SystemPath.parent(of: self.finalPath))
    while true {
      let path = TemporaryNames.path(beside: self.finalPath)
      try FileError.naming(self.finalPath, insteadOf: path) { try make(path) }
      let taken: FileLock?
      do {
        taken = try lock(path)
      } catch let error as FileError where error.isMissing {
        // Somebody has taken it for abandoned meanwhile, and removed it.
        continue
      } catch {
        // Without locks it is written all the same.
        self.path = path
        self.lock = nil
        break
      }
      // Between the two calls somebody may have taken it for abandoned, and removed it.
      guard let taken, taken.isStillNamed else { continue }
      self.path = path
      self.lock = taken
      break
    }
    LivingTemporaries.add(path)
  }

  /// Brings what was written to the disk and gives it its final name.
  ///
  /// - Parameter synchronizes: Whether it is brought to the disk first; otherwise a loss of power may
  ///   leave the final name with a part of the content.
  /// - Throws: `FileError`; then nothing is under the final name that was not there before. Only a
  ///   failure to bring the folder to the disk leaves the new one in place.
  public func publish(synchronizes: Bool = true) throws {
    if synchronizes {
      try FileError.naming(finalPath, insteadOf: path) {
        try FileSystem.isDirectory(path)
          ? FileSystem.synchronizeTree(path) : FileSystem.synchronize(path)
      }
    }
    try FileSystem.rename(path, to: finalPath)
    end()
    if synchronizes { try FileSystem.synchronize(SystemPath.parent(of: finalPath)) }
  }

  /// Removes what was written, unless it was published; a second call does nothing.
  public func remove() {
    guard LivingTemporaries.contains(path) else { return }
    try? FileSystem.remove(path)
    end()
  }

  deinit { remove() }

  private func end() {
    LivingTemporaries.remove(path)
    lock?.release()
    lock = nil
  }

  /// Removes everything that this process is writing aside, because it is about to end.
  ///
  /// Threads that still write fail.
  public static func removeAll() {
    for path in LivingTemporaries.all {
      // A thread may add a file to a directory that is being emptied.
      for _ in 0..<10 {
        try? FileSystem.remove(path)
        if FileSystem.kind(of: path, followsLinks: false) == nil { break }
      }
    }
  }
}

/// The temporary files and directories of this process.
private enum LivingTemporaries {
  private static let paths = Mutex<Set<String>>([])

  static var all: Set<String> { paths.withLock { $0 } }

  static func contains(_ path: String) -> Bool { paths.withLock { $0.contains(path) } }

  static func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }

  static func remove(_ path: String) { paths.withLock { _ = $0.remove(path) } }
}
