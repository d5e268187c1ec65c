import ArrayFiles

extension RGBImage {
  /// Reads and decodes an image file.
  ///
  /// - Parameter path: A JPEG or PNG file.
  /// - Throws: `ImageError`, naming the path.
  public init(contentsOfFile path: String) throws(ImageError) {
    try self.init(decoding: ImageFolder.bytes(ofFile: path), name: path)
  }
}

/// Image files in folders.
public enum ImageFolder {
  /// Endings of the files that count as images, in lower case.
  ///
  /// WebP is among them so that such a file is reported, not passed over in silence.
  public static let fileExtensions: Set<String> = ["jpg", "jpeg", "png", "webp"]

  /// The image files directly in a folder, sorted by the bytes of their names.
  ///
  /// Hidden files (whose names begin with a dot) and folders are left out.
  ///
  /// - Parameter folder: Path of the folder.
  /// - Returns: Paths that begin with `folder`; empty if there are no images.
  /// - Throws: `ImageError.unreadable` if the folder cannot be listed.
  public static func imagePaths(in folder: String) throws(ImageError) -> [String] {
    try entries(of: folder).filter { entry in
      !entry.isFolder && fileExtensions.contains(SystemPath.ending(of: entry.name))
    }.map(\.path)
  }

  /// The folders directly in a folder, sorted by the bytes of their names, without hidden ones.
  ///
  /// - Parameter folder: Path of the folder.
  /// - Returns: Names, not paths.
  /// - Throws: `ImageError.unreadable` if the folder cannot be listed.
  public static func subfolderNames(in folder: String) throws(ImageError) -> [String] {
    try entries(of: folder).filter(\.isFolder).map(\.name)
  }

  /// Image files from a mixed list of files and folders, in the order of the list.
  ///
  /// - Parameter paths: Files are taken as they are, folders are replaced by their image files.
  /// - Returns: Paths of files.
  /// - Throws: `ImageError.unreadable` if a path does not exist or a folder cannot be listed.
  public static func imagePaths(expanding paths: [String]) throws(ImageError) -> [String] {
    var files: [String] = []
    for path in paths {
      switch FileSystem.kind(of: path) {
      case nil: throw .unreadable(name: path, reason: "no such file or folder")
      case .directory: files += try imagePaths(in: path)
      default: files.append(path)
      }
    }
    return files
  }

  /// A file's bytes.
  ///
  /// - Parameter path: Path of the file.
  /// - Returns: The whole file.
  /// - Throws: `ImageError.unreadable`.
  public static func bytes(ofFile path: String) throws(ImageError) -> [UInt8] {
    do {
      return try FileSystem.bytes(of: path)
    } catch {
      throw .unreadable(name: path, reason: (error as? FileError)?.reason ?? "\(error)")
    }
  }

  private struct Entry {
    var name: String
    var path: String
    var isFolder: Bool
  }

  private static func entries(of folder: String) throws(ImageError) -> [Entry] {
    let names: [String]
    do {
      names = try FileSystem.names(in: folder)
    } catch {
      throw .unreadable(name: folder, reason: (error as? FileError)?.reason ?? "\(error)")
    }
    return names.filter { !$0.hasPrefix(".") }.map { name in
      let path = SystemPath.path(of: name, in: folder)
      return Entry(name: name, path: path, isFolder: FileSystem.isDirectory(path))
    }
  }

}
