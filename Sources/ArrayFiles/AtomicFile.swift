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
    try publish(to: path) { temporary in
      let writer = try FileWriter(path: temporary)
      try body(writer)
      try writer.synchronizeAndClose()
    }
  }

  /// Writes bytes to a file and publishes it.
  ///
  /// - Throws: `FileError`; then the old file is as it was.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { try $0.write(bytes) }
  }

  /// Publishes a file that somebody else (a library that takes a path) writes.
  ///
  /// - Parameters:
  ///   - path: The final path; a file that is there is replaced.
  ///   - produce: Gets the path of the temporary file, writes it and closes it.
  /// - Throws: What `produce` throws, or `FileError`; then the old file is as it was and the
  ///   temporary one is gone.
  public static func publish(to path: String, _ produce: (_ temporaryPath: String) throws -> Void)
    throws
  {
    let temporary = temporaryPath(beside: path)
    do {
      try produce(temporary)
      try FileSystem.synchronize(temporary)
      try FileSystem.rename(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
    try FileSystem.synchronize(FileSystem.parent(of: path))
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
    try FileSystem.createDirectory(FileSystem.parent(of: path))
    let temporary = temporaryPath(beside: path)
    let result: Result
    do {
      try FileSystem.createDirectory(temporary)
      result = try fill(temporary)
    } catch {
      try? FileSystem.remove(temporary)
      throw error
    }
    try publishDirectory(temporary: temporary, final: path)
    return result
  }

  /// Publishes a directory: every file in it and the directory itself are brought to the disk, then
  /// it is renamed, then the folder it stands in is brought to the disk.
  ///
  /// - Parameters:
  ///   - temporary: The directory as written, in the folder of `final`.
  ///   - final: Its final path, where nothing or an empty directory stands.
  /// - Throws: `FileError`; then nothing is under the final name and the temporary directory is
  ///   gone. Only a failure to bring the folder to the disk leaves the new directory in place.
  public static func publishDirectory(temporary: String, final: String) throws {
    do {
      try FileSystem.synchronizeTree(temporary)
      try FileSystem.rename(temporary, to: final)
    } catch {
      try? FileSystem.remove(temporary)
      throw error
    }
    try FileSystem.synchronize(FileSystem.parent(of: final))
  }

  /// A path in the same folder that no other process and no other call uses.
  public static func temporaryPath(beside path: String) -> String {
    let name = (path as NSString).lastPathComponent
    let nonce = String(UInt64.random(in: .min ... .max), radix: 16)
    return (FileSystem.parent(of: path) as NSString).appendingPathComponent(".\(name).tmp-\(nonce)")
  }
}
