import ArrayFiles
public import ImageFiles

/// Packs a folder with one folder a class of JPEG, PNG and WebP files into a data set.
///
/// Images of folders below a class's folder are of the class. What is not taken is reported.
/// Classes are numbered in the order of their names' bytes. Samples are shuffled once, with a fixed
/// seed, so that neighbours in a shard are of different classes.
public struct FolderPacking: Sendable {
  /// What is stored of an image.
  public enum Storage: Hashable, Sendable {
    /// A square of raw pixels: short side to `size` (bicubic, without aliasing), centre crop.
    case square(size: Int)
    /// The file as it is.
    case file
  }

  /// What to do about a file that cannot be decoded.
  public enum DamagedPolicy: Hashable, Sendable {
    /// End with an error; nothing is written.
    case stop
    /// Leave it out and report it.
    case skip
  }

  /// Result of packing.
  public struct Report: Sendable {
    /// The manifest that was written.
    public let manifest: DatasetManifest
    /// The files that were left out, and why; empty unless the policy is `skip`.
    public let skipped: [ImageError]
    /// What else is in the folder and was not taken, and why.
    public let omitted: [OmittedFile]
    /// The number of images of each class.
    public let classCounts: [Int]
  }

  /// What is stored of an image.
  public var storage: Storage
  /// Whether pictures are turned as their EXIF blocks say; for squares only.
  public var orientation: ImageOrientation
  /// What to do about a file that cannot be decoded.
  public var damaged: DamagedPolicy
  /// Whether a folder without images is a class without samples; otherwise it ends the packing.
  public var keepsEmptyClasses: Bool
  /// Bytes of images a shard holds about.
  public var shardByteCount: Int
  /// Whom to credit for the images, and their licence.
  public var attribution: String

  /// Files that are decoded at a time.
  private static let batchCount = 128

  /// Makes a packing.
  ///
  /// - Parameters:
  ///   - storage: What is stored of an image.
  ///   - orientation: Whether pictures are turned as their EXIF blocks say.
  ///   - damaged: What to do about a file that cannot be decoded.
  ///   - keepsEmptyClasses: Whether a folder without images is a class without samples.
  ///   - shardByteCount: Bytes of images a shard holds about.
  ///   - attribution: Whom to credit for the images, and their licence.
  /// - Precondition: Size and byte count are positive; files are stored as they are.
  public init(
    storage: Storage, orientation: ImageOrientation = .stored, damaged: DamagedPolicy = .stop,
    keepsEmptyClasses: Bool = false, shardByteCount: Int = 256 << 20, attribution: String = ""
  ) {
    if case .square(let size) = storage {
      precondition(size > 0, "FolderPacking: squares of side \(size)")
    }
    precondition(shardByteCount > 0, "FolderPacking: shards of \(shardByteCount) bytes")
    precondition(
      storage != .file || orientation == .stored, "FolderPacking: files are stored as they are")
    self.storage = storage
    self.orientation = orientation
    self.damaged = damaged
    self.keepsEmptyClasses = keepsEmptyClasses
    self.shardByteCount = shardByteCount
    self.attribution = attribution
  }

  /// Packs a folder.
  ///
  /// - Parameters:
  ///   - source: The folder with one folder a class.
  ///   - destination: The data set's folder; nothing, or an empty folder, may stand there.
  ///   - progress: Called now and then with the number of files done and of all files.
  /// - Returns: The manifest, and everything that was left out.
  /// - Throws: `ImageError` that names a file or folder that cannot be read or decoded; `DataError`
  ///   if there are no classes, no images, a class without them, or if something stands at `destination`; `HDF5Error` or
  ///   `FileError` if the disk refuses. Then nothing is under `destination`.
  @discardableResult
  public func pack(
    _ source: String, to destination: String,
    progress: (_ doneCount: Int, _ fileCount: Int) -> Void = { _, _ in }
  ) throws -> Report {
    guard !FileSystem.isInside(destination, source) else {
      throw DataError(
        file: destination,
        problem: "it would be a folder of the images that are packed (\(source))",
        advice: "Name a folder elsewhere; nothing was written.")
    }
    let folders = try ClassFolders(of: source, keepsEmptyClasses: keepsEmptyClasses)
    let files = folders.files
    let order = KeyedPermutation(count: files.count, key: KeyMixing.key(seed: 0, .packing))
    let room = DecodingRoom()
    return try publishFolder(at: destination) { temporary in
      var writer = DatasetWriter(
        folder: temporary, image: imageKind, classes: folders.classes, attribution: attribution,
        provenance: provenance(source), shardByteCount: shardByteCount)
      var skipped: [ImageError] = []
      var classCounts = [Int](repeating: 0, count: folders.classes.count)
      for start in stride(from: 0, to: files.count, by: Self.batchCount) {
        let end = min(start + Self.batchCount, files.count)
        for result in (start..<end).map({ files[order[$0]] }).concurrentMap({
          sample(of: $0, in: room)
        }) {
          switch result {
          case .success(let sample):
            try writer.append(sample)
            classCounts[sample.label] += 1
          case .failure(let error) where damaged == .skip: skipped.append(error)
          case .failure(let error): throw error
          }
        }
        progress(end, files.count)
      }
      guard skipped.count < files.count else {
        throw DataError(
          file: source, problem: "none of its \(files.count) image files can be decoded",
          advice: "The first error was: \(skipped[0])")
      }
      if let label = classCounts.firstIndex(of: 0), !keepsEmptyClasses {
        throw DataError(
          file: source,
          problem:
            "no image of the class '\(VisibleText.name(folders.classes[label]))' can be decoded",
          advice: "Replace its images, remove its folder, or keep the class with --keep-empty.")
      }
      return Report(
        manifest: try writer.finish(), skipped: skipped, omitted: folders.omitted,
        classCounts: classCounts)
    }
  }

  private var imageKind: ImageKind {
    switch storage {
    case .square(let size): .rgb8(height: size, width: size)
    case .file: .encoded
    }
  }

  private func provenance(_ source: String) -> String {
    let name = SystemPath.name(of: source)
    switch storage {
    case .square(let size):
      return "folder '\(name)': short side to \(size) (bicubic, antialiased), centre crop, "
        + "8-bit RGB\(orientation == .upright ? ", turned as EXIF says" : ""); shuffled with seed 0"
    case .file:
      return "folder '\(name)': files as they were; shuffled with seed 0"
    }
  }

  /// Reads, checks and prepares one file.
  private func sample(of file: ClassFolders.File, in room: DecodingRoom)
    -> Result<Sample, ImageError>
  {
    Result { () throws(ImageError) in
      let bytes = try ImageFolder.bytes(ofFile: file.path)
      return try room.holding(bytes) { () throws(ImageError) in
        switch storage {
        case .square(let size):
          let square = try RGBImage(decoding: bytes, name: file.path, orientation: orientation) {
            .evaluation(size: size, ofHeight: $0, width: $1)
          }
          return Sample(bytes: square.pixels, label: file.label, key: file.key)
        case .file:
          _ = try RGBImage(decoding: bytes, name: file.path)
          return Sample(bytes: bytes, label: file.label, key: file.key)
        }
      }
    }
  }
}
