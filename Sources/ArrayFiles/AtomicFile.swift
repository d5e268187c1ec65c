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
      try synchronize(temporary)
      try rename(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronize(parent(of: path))
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
      try synchronizeTree(temporary)
      try rename(temporary, to: final)
    } catch {
      try? remove(temporary)
      throw error
    }
    try synchronize(parent(of: final))
  }

  /// Brings a file's content, or a directory's list of names, to the disk.
  ///
  /// - Throws: `FileError`.
  public static func synchronize(_ path: String) throws {
    let descriptor = try systemCall("open", on: path) { open(path, O_RDONLY | O_CLOEXEC) }
    defer { close(descriptor) }
    try systemCall("fsync", on: path) { fsync(descriptor) }
  }

  /// Brings every file and directory below a directory to the disk, and it last.
  ///
  /// - Throws: `FileError`.
  public static func synchronizeTree(_ directory: String) throws {
    for name in try names(in: directory) {
      let path = directory + "/" + name
      try isDirectory(path) ? synchronizeTree(path) : synchronize(path)
    }
    try synchronize(directory)
  }

  /// The names in a directory in the order of their bytes, without `.` and `..`.
  ///
  /// - Throws: `FileError`.
  public static func names(in directory: String) throws -> [String] {
    guard let stream = opendir(directory) else {
      throw FileError(operation: "opendir", path: directory, code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileError(operation: "readdir", path: directory, code: errno) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether a path leads to a directory.
  public static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// Renames a file or directory, replacing a file that has the new name.
  ///
  /// - Throws: `FileError` that names the new path.
  public static func rename(_ path: String, to newPath: String) throws {
    try systemCall("rename", on: newPath) { Foundation.rename(path, newPath) }
  }

  /// Makes a directory, and those above it that are missing, and brings their names to the disk.
  ///
  /// - Throws: `FileError`, for example when a file has the name.
  public static func createDirectory(_ path: String) throws {
    if isDirectory(path) { return }
    let parent = parent(of: path)
    try createDirectory(parent)
    do {
      try systemCall("mkdir", on: path) { mkdir(path, 0o755) }
    } catch let error as FileError where error.code == EEXIST && isDirectory(path) {
      // Somebody else made it in between.
      return
    }
    try synchronize(parent)
  }

  /// Removes a file, or a directory with everything in it.
  ///
  /// - Throws: `FileError`; then a part may be gone.
  public static func remove(_ path: String) throws {
    var status = stat()
    try systemCall("lstat", on: path) { lstat(path, &status) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      try systemCall("unlink", on: path) { unlink(path) }
      return
    }
    for name in try names(in: path) { try remove(path + "/" + name) }
    try systemCall("rmdir", on: path) { rmdir(path) }
  }

  /// The number of bytes in a file.
  ///
  /// - Throws: `FileError`.
  public static func size(of path: String) throws -> Int {
    var status = stat()
    try systemCall("stat", on: path) { stat(path, &status) }
    return Int(status.st_size)
  }

  /// The number of bytes in all files of a directory.
  ///
  /// - Throws: `FileError`.
  public static func treeSize(of directory: String) throws -> Int {
    try names(in: directory).reduce(0) { sum, name in
      let path = directory + "/" + name
      return try sum + (isDirectory(path) ? treeSize(of: path) : size(of: path))
    }
  }

  /// The number of bytes that a program without special rights may still write to a folder's disk.
  ///
  /// - Throws: `FileError`.
  public static func availableByteCount(in directory: String) throws -> Int {
    var status = statvfs()
    try systemCall("statvfs", on: directory) { statvfs(directory, &status) }
    return Int(clamping: UInt(status.f_bavail) * UInt(status.f_frsize))
  }

  /// A path in the same folder that no other process and no other call uses.
  public static func temporaryPath(beside path: String) -> String {
    let name = (path as NSString).lastPathComponent
    let nonce = String(UInt64.random(in: .min ... .max), radix: 16)
    return (parent(of: path) as NSString).appendingPathComponent(".\(name).tmp-\(nonce)")
  }

  /// The folder that a path stands in.
  static func parent(of path: String) -> String {
    let parent = (path as NSString).deletingLastPathComponent
    return parent.isEmpty ? "." : parent
  }
}
