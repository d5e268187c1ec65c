import Foundation

/// Files and directories by their paths: names, sizes, removal, renames, and bringing them to the disk.
///
/// Every path of the program goes to the system here (or in HDF5 and libarchive) and through
/// `SystemPath`. What is made has the rights that the umask leaves.
public enum FileSystem {
  // MARK: What is there

  /// What stands under a path.
  public enum Kind: Sendable, Hashable {
    /// A regular file.
    case file
    /// A directory.
    case directory
    /// A symbolic link.
    case link
    /// A pipe, a device, a socket.
    case other
  }

  /// What stands under a path; nil where nothing does, or where it may not be seen.
  ///
  /// - Parameters:
  ///   - path: The path.
  ///   - followsLinks: Whether a link counts as what it leads to.
  /// - Returns: What it is.
  public static func kind(of path: String, followsLinks: Bool = true) -> Kind? {
    guard let status = try? status(of: path, followsLinks: followsLinks) else { return nil }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .directory
    case S_IFLNK: .link
    default: .other
    }
  }

  /// Whether something stands under a path; not for a link that leads nowhere.
  public static func exists(_ path: String) -> Bool { kind(of: path) != nil }

  /// Whether a path surely leads nowhere; not where it may not be seen.
  public static func isMissing(_ path: String) -> Bool {
    do {
      _ = try status(of: path)
      return false
    } catch {
      return (error as? FileError)?.isMissing == true
    }
  }

  /// Checks that something stands under a path, and may be seen.
  ///
  /// - Throws: `FileError` that says which of the two is not so.
  public static func requireVisible(_ path: String) throws { _ = try status(of: path) }

  /// Whether a path leads to a directory.
  public static func isDirectory(_ path: String) -> Bool { kind(of: path) == .directory }

  /// The names in a directory in the order of their bytes, without `.` and `..`.
  ///
  /// - Throws: `FileError`.
  public static func names(in directory: String) throws -> [String] {
    let characters = try SystemPath.characters(of: directory, for: "opendir")
    guard let stream = opendir(characters) else {
      throw FileError(operation: "opendir", path: directory, code: errno)
    }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
    }
    guard errno == 0 else { throw FileError(operation: "readdir", path: directory, code: errno) }
    return names.sorted { $0.lexicographicallyPrecedes($1) }.map { SystemPath.text(of: $0) }
  }

  /// The number of bytes in a file.
  ///
  /// - Throws: `FileError`.
  public static func size(of path: String) throws -> Int { Int(try status(of: path).st_size) }

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
    try pathCall("statvfs", on: directory) { statvfs($0, &status) }
    return Int(clamping: UInt(status.f_bavail) * UInt(status.f_frsize))
  }

  /// What the system knows of a path.
  static func status(of path: String, followsLinks: Bool = true) throws -> stat {
    var status = stat()
    try pathCall(followsLinks ? "stat" : "lstat", on: path) {
      followsLinks ? stat($0, &status) : lstat($0, &status)
    }
    return status
  }

  // MARK: Reading

  /// The bytes of a file, which may be a pipe.
  ///
  /// - Parameters:
  ///   - path: The path.
  ///   - byteCount: Bytes from the beginning that are enough; all of them when nil.
  /// - Returns: The bytes, fewer than `byteCount` of a shorter file.
  /// - Throws: `FileError`.
  public static func bytes(of path: String, upTo byteCount: Int? = nil) throws -> [UInt8] {
    let descriptor = try openFile(path, O_RDONLY)
    defer { close(descriptor) }
    var status = stat()
    try systemCall("fstat", on: path) { fstat(descriptor, &status) }
    var bytes: [UInt8] = []
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    if isRegular {
      bytes.reserveCapacity(min(Int(status.st_size), byteCount ?? .max))
    }
    var buffer = [UInt8](repeating: 0, count: min(1 << 16, byteCount ?? .max))
    while byteCount.map({ bytes.count < $0 }) ?? true {
      let count = try buffer.withUnsafeMutableBytes { buffer in
        try systemCall("read", on: path) { read(descriptor, buffer.baseAddress, buffer.count) }
      }
      if count == 0 { break }
      bytes += buffer[..<count]
      // A device or a pipe may have no end.
      guard isRegular || bytes.count <= SizeLimit.endlessByteCount else {
        throw FileError(operation: "read", path: path, code: EFBIG)
      }
    }
    return byteCount.map { Array(bytes.prefix($0)) } ?? bytes
  }

  // MARK: Changing

  /// Makes a directory, and those above it that are missing, and brings their names to the disk.
  ///
  /// - Throws: `FileError`, for example when a file has the name.
  public static func createDirectory(_ path: String) throws {
    if isDirectory(path) { return }
    let bytes = path.utf8
    // Part by part from the beginning, as the system goes: `a/../b` needs `a` too.
    for end in bytes.indices.dropFirst() where bytes[end] == UInt8(ascii: "/") {
      try createLastDirectory(String(path[..<end]))
    }
    try createLastDirectory(path)
  }

  private static func createLastDirectory(_ path: String) throws {
    if isDirectory(path) { return }
    do {
      try pathCall("mkdir", on: path) { mkdir($0, 0o777) }
    } catch let error as FileError where error.code == EEXIST && isDirectory(path) {
      // Somebody else made it in between.
      return
    }
    try synchronize(SystemPath.parent(of: path))
  }

  /// Renames a file or directory, replacing a file that has the new name.
  ///
  /// - Throws: `FileError` that names the new path.
  public static func rename(_ path: String, to newPath: String) throws {
    let old = try SystemPath.characters(of: path, for: "rename")
    try pathCall("rename", on: newPath) { Foundation.rename(old, $0) }
  }

  /// Removes a file, or a directory with everything in it.
  ///
  /// - Throws: `FileError`; then a part may be gone.
  public static func remove(_ path: String) throws {
    guard try status(of: path, followsLinks: false).st_mode & S_IFMT == S_IFDIR else {
      try pathCall("unlink", on: path) { unlink($0) }
      return
    }
    for name in try names(in: path) { try remove(path + "/" + name) }
    try pathCall("rmdir", on: path) { rmdir($0) }
  }

  /// Brings a file's content, or a directory's list of names, to the disk.
  ///
  /// - Throws: `FileError`.
  public static func synchronize(_ path: String) throws {
    let descriptor = try openFile(path, O_RDONLY)
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
}
