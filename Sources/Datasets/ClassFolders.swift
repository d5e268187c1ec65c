import ArrayFiles
import ImageFiles

/// The images of a folder with one folder a class, found but not read.
struct ClassFolders {
  /// An image.
  struct File: Sendable {
    /// Its path.
    var path: String
    /// Its path below the source.
    var key: String
    /// The number of its class.
    var label: Int
  }

  /// The names of the classes, in the order of their bytes.
  private(set) var classes: [String] = []
  /// The images, class by class.
  private(set) var files: [File] = []
  /// What else is in the folders.
  private(set) var omitted: [OmittedFile] = []

  /// Lists a folder.
  ///
  /// - Parameters:
  ///   - source: The folder.
  ///   - keepsEmptyClasses: Whether a folder without images is a class all the same.
  /// - Throws: `ImageError` for a folder that cannot be listed; `DataError` if there are no classes, no
  ///   images, or a class without images.
  init(of source: String, keepsEmptyClasses: Bool) throws {
    let root = SystemPath.withoutEndingSlash(source)
    (classes, omitted) = try ImageFolder.subfolders(of: root)
    guard !classes.isEmpty else {
      throw DataError(
        file: source, problem: "it has no folders; expected one folder a class",
        advice: "Put the images of each class into a folder of its own below it.")
    }
    var emptyClasses: [String] = []
    let rootByteCount = SystemPath.bytes(of: SystemPath.path(of: "", in: root)).count
    for (label, name) in classes.enumerated() {
      let folder = SystemPath.path(of: name, in: root)
      let listing = try ImageFolder.listing(of: folder, includesNested: true)
      omitted += listing.omitted
      if listing.images.isEmpty { emptyClasses.append(name) }
      files += listing.images.map { path in
        let key = SystemPath.bytes(of: path).dropFirst(rootByteCount)
        return File(path: path, key: SystemPath.text(of: key), label: label)
      }
    }
    try check(source, emptyClasses: keepsEmptyClasses ? [] : emptyClasses)
  }

  private func check(_ source: String, emptyClasses: [String]) throws {
    let summary = OmittedFile.summary(of: omitted).map { "; " + $0 }.joined()
    guard !files.isEmpty else {
      throw DataError(
        file: source,
        problem: "its \(classes.count) class folders hold no image files (told by their content or "
          + "the endings \(ImageFolder.fileExtensions.sorted().joined(separator: ", ")))\(summary)",
        advice: "Put JPEG, PNG or WebP files into them.")
    }
    guard emptyClasses.isEmpty else {
      let names = emptyClasses.prefix(10).map { "'\(VisibleText.name($0))'" }
      let more = emptyClasses.count > 10 ? " and \(emptyClasses.count - 10) more" : ""
      throw DataError(
        file: source,
        problem: "\(emptyClasses.count) of its \(classes.count) folders hold no image files: "
          + names.joined(separator: ", ") + more
          + "; as classes they would shift the numbers of those behind them\(summary)",
        advice: "Remove them, put images into them, or keep them as classes with --keep-empty.")
    }
  }
}
