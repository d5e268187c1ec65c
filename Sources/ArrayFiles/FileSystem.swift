import Foundation

/// Files and directories by their paths: names, sizes, removal, renames, and bringing them to the disk.
public enum FileSystem {
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

  /// The folder that a path stands in.
  static func parent(of path: String) -> String {
    let parent = (path as NSString).deletingLastPathComponent
    return parent.isEmpty ? "." : parent
  }
}
