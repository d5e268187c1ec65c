import ArrayFiles
import ImageFiles

/// Images that can be packed, found but not read: where each one's bytes are, and its class.
///
/// What a path is tells what it leads to: a folder that a data set was written to, a folder with one folder a
/// class, a folder of WebDataset tars, one tar or a pattern of their names with braces, or a list of
/// `path label` lines.
struct ImageSource: Sendable {
  /// Where an image's bytes are.
  enum Place: Sendable, Hashable {
    /// A whole file.
    case file(String)
    /// A part of the archive of a number.
    case part(archive: Int, range: Range<Int>)
    /// The sample of the data set at an index.
    case sample(Int)
  }

  /// An image.
  struct Image: Sendable {
    var place: Place
    /// Bytes as it is stored.
    var byteCount: Int
    /// The number of its class.
    var label: Int
    /// Its name below the source.
    var key: String
    /// What to call it in messages.
    var name: String
    /// Another number once other bytes may be there: the time at which the file was changed last, or the digest of
    /// the shard.
    var stamp: UInt64
  }

  /// A sample that has an image and cannot be taken.
  struct Refusal: Sendable, Hashable {
    /// What to call it.
    let name: String
    /// Why.
    let reason: String
  }

  /// The path that was named.
  let path: String
  /// The names of the classes.
  var classes: [String] = []
  /// The images.
  var images: [Image] = []
  /// What else is there, and was not taken.
  var omitted: [OmittedFile] = []
  /// Samples whose class is none, and archives that break off.
  var refusals: [Refusal] = []
  /// What it is, for the provenance of a data set: `folder 'flowers'`.
  var title = ""
  /// The archives that parts are of.
  var archives: [SourceArchive] = []
  private let openArchives = OpenArchives()
  /// The data set that samples are of.
  var dataset: ImageDataset?
  /// Whether a class without images would shift the numbers of those behind it.
  var numbersClassesByName = false

  init(path: String) { self.path = path }

  /// Finds the images that a path leads to.
  ///
  /// - Parameters:
  ///   - path: The path, or a pattern of tars' names.
  ///   - keepsEmptyClasses: Whether a folder without images is a class all the same.
  /// - Throws: `DataError`, `ImageError`, `ArrayFileError` or `FileError` that says what is not as it should be.
  init(of path: String, keepsEmptyClasses: Bool) throws {
    self.init(path: path)
    if BracePattern.isPattern(path), !FileSystem.exists(path) {
      try addTars(BracePattern.expand(path))
    } else if FileSystem.isDirectory(path) {
      try addFolder(keepsEmptyClasses: keepsEmptyClasses)
    } else if Self.isTar(path) {
      try addTars([path])
    } else {
      try addList()
    }
    guard !images.isEmpty else {
      let summary = OmittedFile.summary(of: omitted).map { "; " + $0 }.joined()
      throw DataError(
        file: path, problem: "there is no image in it\(summary)",
        advice:
          "Name a folder with one folder a class, WebDataset tars, a list of 'path label' lines, "
          + "or the folder of a data set.")
    }
  }

  /// Reads an image's bytes as they are stored.
  ///
  /// - Throws: `ImageError` that names it; of a data set `DataError`.
  func bytes(of image: Image) throws -> [UInt8] {
    switch image.place {
    case .file(let path): return try ImageFolder.bytes(ofFile: path)
    case .sample(let index):
      guard let dataset else { preconditionFailure("ImageSource: a sample without a data set") }
      return try dataset.sample(at: index).bytes
    case .part(let archive, let range):
      do {
        return try openArchives.bytes(in: range, of: archives[archive], number: archive)
      } catch {
        throw ImageError.unreadable(name: image.name, reason: "\(error)")
      }
    }
  }

  /// The images of files that were listed just now.
  ///
  /// - Throws: `ImageError.unreadable`.
  static func image(ofFile path: String, label: Int, key: String) throws -> Image {
    do {
      return Image(
        place: .file(path), byteCount: try FileSystem.size(of: path), label: label, key: key,
        name: path, stamp: UInt64(bitPattern: try FileSystem.modificationTime(of: path)))
    } catch {
      throw ImageError.unreadable(name: path, reason: (error as? FileError)?.reason ?? "\(error)")
    }
  }

  private static func isTar(_ path: String) -> Bool {
    path.hasSuffix(".tar")
      || [".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".tar.bz2"].contains(where: path.hasSuffix)
  }

  private mutating func addFolder(keepsEmptyClasses: Bool) throws {
    if FileSystem.exists(SystemPath.path(of: DatasetManifest.fileName, in: path)) {
      return try addDataset()
    }
    if try addTarsOfFolder() { return }
    let folders = try ClassFolders(of: path, keepsEmptyClasses: keepsEmptyClasses)
    classes = folders.classes
    omitted = folders.omitted
    images = try folders.files.map {
      try Self.image(ofFile: $0.path, label: $0.label, key: $0.key)
    }
    title = "folder '\(SystemPath.name(of: path))'"
    numbersClassesByName = true
  }

  private mutating func addDataset() throws {
    // The order is that of the packing: a block around each sample would be read for that one alone.
    let dataset = try ImageDataset(folder: path, blockSampleCount: 1, cacheByteCount: 0)
    self.dataset = dataset
    classes = dataset.manifest.classes
    for number in dataset.manifest.shards.indices {
      let shard = try dataset.shard(number)
      var digest = ContentDigest()
      digest.update(Array(dataset.manifest.shards[number].digest.utf8))
      for index in 0..<shard.sampleCount {
        images.append(
          Image(
            place: .sample(images.count), byteCount: shard.byteCount(at: index),
            label: Int(shard.labels[index]), key: shard.keys[index],
            name: "\(shard.path), sample \(index), key '\(VisibleText.name(shard.keys[index]))'",
            stamp: digest.value &+ UInt64(index)))
      }
    }
    title = "data set '\(SystemPath.name(of: path))' (\(dataset.manifest.provenance))"
  }
}
