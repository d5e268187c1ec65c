import Foundation

/// Files and directories that appear under their final name complete and on the disk, or not at all.
///
/// A file is written aside in the folder it will stand in, brought to the disk (`fsync`), renamed,
/// and the folder is brought to the disk. `rename` replaces a file atomically, so a reader sees the
/// old file or the new one; the two `fsync` calls keep that true after a loss of power.
public enum AtomicFile {
  /// Writes a file piece by piece and publishes it.
  ///
  /// - Parameters:
  ///   - path: The final path; a file that is there is replaced.
  ///   - body: Writes the content.
  /// - Throws: What `body` throws, or `FileError`; then the old file is as it was and the temporary
  ///   one is gone. Only a failure to bring the folder to the disk leaves the new file in place.
  public static func write(to path: String, _ body: (FileWriter) throws -> Void) throws {
    let temporary = try TemporaryPath(fileFor: path)
    defer { temporary.remove() }
    try FileError.naming(path, insteadOf: temporary.path) {
      let writer = try FileWriter(path: temporary.path)
      try body(writer)
      try writer.synchronizeAndClose()
    }
    try temporary.publish()
  }

  /// Writes bytes to a file and publishes it.
  ///
  /// - Throws: `FileError`; then the old file is as it was.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { try $0.write(bytes) }
  }

  /// Replaces a file whole or not at all, without waiting for the disk.
  ///
  /// For one of many small files: a loss of power may leave it with a part of its content.
  ///
  /// - Throws: `FileError`; then the old file is as it was.
  public static func replace(_ path: String, by bytes: [UInt8]) throws {
    let temporary = try TemporaryPath(fileFor: path)
    defer { temporary.remove() }
    try FileError.naming(path, insteadOf: temporary.path) {
      let writer = try FileWriter(path: temporary.path)
      try writer.write(bytes)
      try writer.close()
    }
    try temporary.publish(synchronizes: false)
  }

  /// Publishes a file that somebody else (a library that takes a path) writes.
  ///
  /// - Parameters:
  ///   - path: The final path; a file that is there is replaced.
  ///   - produce: Gets the path of the temporary file, which is empty, writes it and closes it.
  /// - Throws: What `produce` throws, or `FileError`, also when nothing was written; then the old
  ///   file is as it was and the temporary one is gone.
  public static func publish(to path: String, _ produce: (_ temporaryPath: String) throws -> Void)
    throws
  {
    let temporary = try TemporaryPath(fileFor: path)
    defer { temporary.remove() }
    try FileError.naming(path, insteadOf: temporary.path) { try produce(temporary.path) }
    guard try FileSystem.size(of: temporary.path) > 0 else {
      throw FileError(operation: "open", path: path, code: ENOENT)
    }
    try temporary.publish()
  }

  /// Fills a directory aside and publishes it, whole or not at all.
  ///
  /// - Parameters:
  ///   - path: Its final path, where nothing or an empty directory stands; folders above are made.
  ///   - fill: Gets the path of the temporary directory, which is there and empty.
  /// - Returns: What `fill` returns.
  /// - Throws: What `fill` throws, or `FileError`; then the temporary directory is gone.
  public static func publishDirectory<Result>(
    to path: String, _ fill: (_ temporaryPath: String) throws -> Result
  ) throws -> Result {
    try FileSystem.createDirectory(SystemPath.parent(of: path))
    let temporary = try TemporaryPath(directoryFor: path)
    defer { temporary.remove() }
    let result = try fill(temporary.path)
    try temporary.publish()
    return result
  }
}
