import Foundation

extension FileSystem {
  /// Whether two paths lead to one and the same file or folder.
  ///
  /// - Parameters:
  ///   - path: A path.
  ///   - other: Another one.
  /// - Returns: False also where one of them leads nowhere.
  public static func isSame(_ path: String, as other: String) -> Bool {
    guard let first = try? status(of: path), let second = try? status(of: other) else {
      return false
    }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// Whether two paths name one and the same place, where nothing need stand yet.
  ///
  /// - Parameters:
  ///   - path: A path.
  ///   - other: Another one, spelled in whatever way.
  /// - Returns: False also where the folder of one of them is not there.
  public static func isSamePlace(_ path: String, as other: String) -> Bool {
    isSame(path, as: other)
      || SystemPath.name(of: path) == SystemPath.name(of: other)
        && isSame(SystemPath.parent(of: path), as: SystemPath.parent(of: other))
  }

  /// Whether a path leads to a folder or to something below it, where the last name need not be there.
  ///
  /// - Parameters:
  ///   - path: A path.
  ///   - folder: The folder.
  /// - Returns: Whether the nearest folder above the path that is there is the folder, or lies in it.
  public static func isInside(_ path: String, _ folder: String) -> Bool {
    if isSame(path, as: folder) { return true }
    var nearest = SystemPath.parent(of: path)
    while isMissing(nearest), SystemPath.parent(of: nearest) != nearest {
      nearest = SystemPath.parent(of: nearest)
    }
    guard var parent = try? absolutePath(of: nearest) else { return false }
    while true {
      if isSame(parent, as: folder) { return true }
      guard parent != "/" else { return false }
      parent = SystemPath.parent(of: parent)
    }
  }

  /// When a file was changed last, in nanoseconds since 1970.
  ///
  /// - Throws: `FileError`.
  public static func modificationTime(of path: String) throws -> Int64 {
    let status = try status(of: path)
    #if os(Linux)
      let time = status.st_mtim
    #else
      let time = status.st_mtimespec
    #endif
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Whether a folder is the root of another file system than the folder above it, so that nothing can take its
  /// place by a rename.
  public static func isMountPoint(_ path: String) -> Bool {
    guard let own = try? status(of: path),
      let above = try? status(of: SystemPath.parent(of: path))
    else { return false }
    return own.st_dev != above.st_dev
  }

  /// Why a folder cannot be given a path by a rename, whatever stands in it; nil where it can.
  public static func problemOfRename(to path: String) -> String? {
    if [".", "..", "/", ""].contains(SystemPath.name(of: path)) {
      "it is no name of a new folder"
    } else if kind(of: path, followsLinks: false) == .link {
      "it is a link"
    } else if isMountPoint(path) {
      "it is the root of a file system"
    } else {
      nil
    }
  }

  /// Checks that a file can be written under a path, by making one aside that is removed again.
  ///
  /// For commands that compute for long: what cannot be written is to be known before.
  ///
  /// - Throws: `FileError` that says why not.
  public static func checkWritable(_ path: String) throws {
    guard !isDirectory(path) else { throw FileError(operation: "open", path: path, code: EISDIR) }
    try TemporaryPath(fileFor: path).remove()
  }
}

extension FileSystem {
  /// The path of something that is there, from the root on and without links.
  ///
  /// - Throws: `FileError`.
  public static func absolutePath(of path: String) throws -> String {
    guard let resolved = realpath(try SystemPath.characters(of: path, for: "realpath"), nil) else {
      throw FileError(operation: "realpath", path: path, code: errno)
    }
    defer { free(resolved) }
    return SystemPath.text(of: UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
  }

  /// The way from a folder, which need not be there yet, to something that is.
  ///
  /// - Throws: `FileError`, also where the folder above `folder` is missing.
  public static func relativePath(of path: String, from folder: String) throws -> String {
    let target = parts(of: try absolutePath(of: path))
    let base =
      parts(of: try absolutePath(of: SystemPath.parent(of: folder)))
      + [SystemPath.name(of: folder)]
    let commonCount = zip(target, base).prefix { $0 == $1 }.count
    let up = [String](repeating: "..", count: base.count - commonCount)
    return (up + target.dropFirst(commonCount)).joined(separator: "/")
  }

  private static func parts(of path: String) -> [String] {
    path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
  }
}
