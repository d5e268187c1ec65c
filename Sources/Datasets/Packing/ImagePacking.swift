import ArrayFiles
public import ImageFiles

/// Packs images into data sets of shards.
///
/// Samples are shuffled once, with a fixed seed, so that neighbours in a shard are of different classes. What is in
/// which shard follows from the list of images alone, so shards are made in any order, by any number of processes,
/// and those that a killed one has finished are kept: the result has the same bytes.
/// Source: Docs/Data.md, section "Packing".
public struct ImagePacking: Sendable {
  /// How a square is cut out of an image.
  public enum Crop: String, Hashable, Sendable, CaseIterable {
    /// Short side to the size (bicubic, antialiased), then the centre: what evaluation takes.
    case centre
    /// The ADM centre crop: halved by boxes, bicubic, then the centre.
    case adm
  }

  /// What is stored of an image.
  public enum Storage: Hashable, Sendable {
    /// A square of raw pixels.
    case square(size: Int, crop: Crop = .centre)
    /// The bytes as they are.
    case asIs
  }

  /// What to do about an image that cannot be decoded.
  public enum DamagedPolicy: Hashable, Sendable {
    /// End with an error.
    case stop
    /// Leave it out and report it.
    case skip
  }

  /// A part of the images that is held out of training.
  public struct HeldOutPart: Hashable, Sendable {
    /// Name of its folder.
    public var name: String
    /// Its share of all images, above 0 and below 1.
    public var share: Double

    /// Makes a part.
    public init(name: String, share: Double) { (self.name, self.share) = (name, share) }
  }

  /// What is stored of an image.
  public var storage: Storage
  /// Whether pictures are turned as their EXIF blocks say; for squares only.
  public var orientation: ImageOrientation
  /// What to do about an image that cannot be decoded.
  public var damaged: DamagedPolicy
  /// Whether a folder without images is a class without samples; otherwise it ends the packing.
  public var keepsEmptyClasses: Bool
  /// Bytes of images a shard holds about.
  public var shardByteCount: Int
  /// Parts that become data sets of their own; the rest is `train` then.
  public var heldOut: [HeldOutPart]
  /// Whom to credit for the images, and their licence.
  public var attribution: String

  /// The folder of what is not held out, where there are held-out parts.
  public static let trainingName = "train"

  /// Makes a packing.
  ///
  /// - Parameters:
  ///   - storage: What is stored of an image.
  ///   - orientation: Whether pictures are turned as their EXIF blocks say.
  ///   - damaged: What to do about an image that cannot be decoded.
  ///   - keepsEmptyClasses: Whether a folder without images is a class without samples.
  ///   - shardByteCount: Bytes of images a shard holds about.
  ///   - heldOut: Parts that become data sets of their own.
  ///   - attribution: Whom to credit for the images, and their licence.
  /// - Precondition: Size and byte count are positive; parts have names of their own, and shares above 0 that
  ///   leave something.
  public init(
    storage: Storage, orientation: ImageOrientation = .stored, damaged: DamagedPolicy = .stop,
    keepsEmptyClasses: Bool = false, shardByteCount: Int = 256 << 20, heldOut: [HeldOutPart] = [],
    attribution: String = ""
  ) {
    if case .square(let size, _) = storage {
      precondition(size > 0, "ImagePacking: squares of side \(size)")
    }
    precondition(shardByteCount > 0, "ImagePacking: shards of \(shardByteCount) bytes")
    let names = heldOut.map(\.name) + [Self.trainingName]
    precondition(
      Set(names).count == names.count && names.allSatisfy(SystemPath.isName)
        && heldOut.allSatisfy { $0.share > 0 } && heldOut.reduce(0) { $0 + $1.share } < 1,
      "ImagePacking: held-out parts \(heldOut)")
    precondition(
      storage != .asIs || orientation == .stored, "ImagePacking: files are stored as they are")
    self.storage = storage
    self.orientation = orientation
    self.damaged = damaged
    self.keepsEmptyClasses = keepsEmptyClasses
    self.shardByteCount = shardByteCount
    self.heldOut = heldOut
    self.attribution = attribution
  }

  /// Packs images in this process alone.
  ///
  /// - Parameters:
  ///   - source: Where the images are (`ImageSource`).
  ///   - destination: The folder to write; nothing, or an empty folder, may stand there.
  ///   - progress: Called now and then with the number of images done and of all images.
  /// - Returns: What was packed and what was left out.
  /// - Throws: As `PackingSession` does; then nothing is under `destination`.
  @discardableResult
  public func pack(
    _ source: String, to destination: String,
    progress: (_ doneCount: Int, _ imageCount: Int) -> Void = { _, _ in }
  ) throws -> PackingReport {
    let session = try PackingSession(self, source, to: destination, isFirst: true)
    do {
      try session.packShards(rank: 0, of: 1, progress: progress)
      return try session.finish()
    } catch {
      session.endEarly()
      throw error
    }
  }

  /// How the images of a source are stored.
  func imageKind(of source: ImageSource) -> ImageKind {
    switch storage {
    case .square(let size, _): .rgb8(height: size, width: size)
    case .asIs: source.dataset?.image ?? .encoded
    }
  }

  /// What is done to the images, in words.
  var recipe: String {
    switch storage {
    case .square(let size, .centre):
      "short side to \(size) (bicubic, antialiased), centre crop, 8-bit RGB" + turning
    case .square(let size, .adm): "ADM centre crop to \(size), 8-bit RGB" + turning
    case .asIs: "files as they were"
    }
  }

  private var turning: String { orientation == .upright ? ", turned as EXIF says" : "" }
}

/// What a packing did.
public struct PackingReport: Sendable {
  /// An image that could not be taken.
  public struct Damaged: Hashable, Sendable, Codable {
    /// What it is called.
    public let name: String
    /// Why.
    public let reason: String
  }

  /// A data set that was written.
  public struct Part: Sendable {
    /// Its folder.
    public let folder: String
    /// Its manifest.
    public let manifest: DatasetManifest
    /// The number of images of each class.
    public let classCounts: [Int]
  }

  /// The data sets, that for training first.
  public let parts: [Part]
  /// The images that were left out, and why; empty unless the policy is `skip`.
  public let damaged: [Damaged]
  /// What else is at the source and was not taken, and why.
  public let omitted: [OmittedFile]
  /// The file that lists `damaged`; nil where there are none.
  public let damagedList: String?

  /// The data set for training, or the only one.
  public var manifest: DatasetManifest { parts[0].manifest }
}
