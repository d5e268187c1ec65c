import Foundation

/// A lock of the operating system on a file or a directory, held by one process at a time.
///
/// It ends with the process, however that ends. The file system must have locks: local ones do, and
/// network ones where they are mounted so.
public final class FileLock {
  /// The path of the file.
  public let path: String
  private var descriptor: Int32

  /// Takes the lock of a file, which is made if it is not there.
  ///
  /// - Returns: nil when another process, or another lock of this one, holds it.
  /// - Throws: `FileError` from the disk, or where there are no locks.
  public convenience init?(file path: String) throws {
    try self.init(path: path, flags: O_RDWR | O_CREAT)
  }

  /// Takes the lock of a file that is there.
  convenience init?(existingFile path: String) throws {
    try self.init(path: path, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK)
  }

  /// Takes the lock of a directory that is there.
  convenience init?(directory path: String) throws {
    try self.init(path: path, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  }

  private init?(path: String, flags: Int32) throws {
    self.path = path
    let opened = try openFile(path, flags)
    descriptor = opened
    do {
      try systemCall("flock", on: path) { flock(opened, LOCK_EX | LOCK_NB) }
    } catch let error as FileError where error.code == EWOULDBLOCK {
      return nil
    }
  }

  /// Whether the file that was locked still stands under its path.
  public var isStillNamed: Bool {
    var own = stat()
    guard fstat(descriptor, &own) == 0,
      let named = try? FileSystem.status(of: path, followsLinks: false)
    else { return false }
    return own.st_ino == named.st_ino && own.st_dev == named.st_dev
  }

  /// Replaces the content of the file by a text for people; what fails is not told.
  public func note(_ text: String) {
    precondition(descriptor >= 0, "note in '\(path)' after release")
    guard ftruncate(descriptor, 0) == 0 else { return }
    var text = text
    text.withUTF8 { try? writeAll(UnsafeRawBufferPointer($0), to: descriptor, path: path) }
  }

  /// Gives the lock back; a second call does nothing.
  public func release() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  deinit { release() }
}
