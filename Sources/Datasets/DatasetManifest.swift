import ArrayFiles
import Foundation

/// What `dataset.json` says about a data set: its shards, classes, images and where they are from.
public struct DatasetManifest: Hashable, Sendable {
  /// One shard of a data set.
  public struct Shard: Hashable, Sendable {
    /// File name in the data set's folder.
    public var file: String
    /// Number of samples.
    public var sampleCount: Int
    /// Size of the file in bytes.
    public var byteSize: Int
    /// Digest of the file, as `xxh64:` and 16 hexadecimal digits.
    public var digest: String
    /// The archive that the images are in, where the file is an index of one (`ArchiveIndexFormat`): its path, from
    /// the data set's folder if it is relative.
    public var archive: String?
    /// Size of that archive in bytes.
    public var archiveByteSize: Int?

    private enum CodingKeys: String, CodingKey {
      case file
      case sampleCount = "sample_count"
      case byteSize = "byte_size"
      case digest
      case archive
      case archiveByteSize = "archive_byte_size"
    }

    /// What the file is compared with before it is opened.
    var record: ContentRecord {
      ContentRecord(
        byteCount: byteSize, digest: String(digest.trimmingPrefix(ContentDigest.prefix)))
    }
  }

  /// Name of the manifest in a data set's folder.
  public static let fileName = "dataset.json"
  /// The newest format that this program reads.
  ///
  /// The first one has no digest of itself and shards with strings of variable length, the third shards that are
  /// indices of archives. What has none of these is written as the second.
  public static let formatVersion = 3
  private static let formatName = "restok-dataset"

  /// How the images are stored.
  public var image: ImageKind
  /// Names of the classes; a sample's label is an index into them.
  public var classes: [String]
  /// The shards in the order of the samples.
  public var shards: [Shard]
  /// Whom to credit for the images, and their licence; goes wherever the data go.
  public var attribution: String
  /// How the data set was made from its source.
  public var provenance: String

  /// Number of samples in all shards.
  public var sampleCount: Int { shards.reduce(0) { $0 + $1.sampleCount } }

  /// One digest for the whole content, as `xxh64:` and 16 hexadecimal digits.
  ///
  /// Equal for equal shards with equal classes, wherever the folder is and whatever its texts say.
  public var digest: String {
    var digest = ContentDigest()
    digest.update(Array("\(image)".utf8))
    for name in classes { digest.update(Array("class \(name)\n".utf8)) }
    for shard in shards { digest.update(Array("\(shard.sampleCount) \(shard.digest)\n".utf8)) }
    return digest.prefixed
  }

  /// Reads the manifest of a data set.
  ///
  /// - Parameter folder: The data set's folder.
  /// - Throws: `DataError` if it is missing, no manifest, of another format version, or not as it was
  ///   written.
  public init(folder: String) throws(DataError) {
    let path = folder + "/" + Self.fileName
    let content: [UInt8]
    do {
      _ = try claimedSize(
        FileSystem.size(of: path), field: "the file's size", of: path,
        limit: SizeLimit.manifestByteCount)
      content = try FileSystem.bytes(of: path)
    } catch let error as SizeError {
      throw DataError(file: path, problem: error.problem, advice: restoreAdvice)
    } catch {
      throw DataError(
        file: path,
        problem: "the manifest cannot be read: \((error as? FileError)?.reason ?? "\(error)")",
        advice: "Name a folder that `restok data` wrote; it holds \(Self.fileName).")
    }
    let own: OwnDigest
    do {
      let data = Data(content)
      self = try JSONText.decode(DatasetManifest.self, from: data)
      own = try JSONText.decode(OwnDigest.self, from: data)
    } catch {
      throw DataError(
        file: path,
        problem: "the manifest is not as expected: "
          + ((error as? DecodingError).map(JSONText.problem) ?? "\(error)"),
        advice: restoreAdvice)
    }
    guard own.isRight(for: content) else {
      throw DataError(
        file: path, problem: "the manifest's digest does not match its content",
        advice: restoreAdvice)
    }
  }

  /// The digest that a manifest carries of itself.
  private struct OwnDigest: Decodable {
    let formatVersion: Int
    let digest: String?

    private enum CodingKeys: String, CodingKey {
      case formatVersion = "format_version"
      case digest = "manifest_digest"
    }

    /// The first format had none.
    func isRight(for text: [UInt8]) -> Bool {
      guard let digest else { return formatVersion == 1 }
      return EmbeddedDigest.isRight(digest, of: text)
    }
  }

  /// Makes a manifest.
  init(
    image: ImageKind, classes: [String], shards: [Shard], attribution: String, provenance: String
  ) {
    self.image = image
    self.classes = classes
    self.shards = shards
    self.attribution = attribution
    self.provenance = provenance
  }

  /// Publishes the manifest in a data set's folder.
  ///
  /// - Throws: `FileError` if the disk refuses.
  func write(inFolder folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    func text(_ digest: String) throws -> [UInt8] {
      [UInt8](try encoder.encode(Content(manifest: self, digest: digest))) + Array("\n".utf8)
    }
    let digest = try text(EmbeddedDigest.placeholder).withUnsafeBytes {
      ContentDigest.of($0).hexadecimal
    }
    try AtomicFile.write(try text(digest), to: folder + "/" + Self.fileName)
  }

  /// What a manifest's file holds.
  private struct Content: Encodable {
    let manifest: DatasetManifest
    let digest: String

    func encode(to encoder: any Encoder) throws {
      try manifest.encode(to: encoder)
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(digest, forKey: .digest)
    }
  }
}

extension DatasetManifest.Shard: Codable {
  /// What cannot be right about a shard as the manifest has it; nil where nothing is wrong.
  fileprivate var problem: String? {
    // A sample has one byte at least.
    if sampleCount < 1 || byteSize < sampleCount {
      "shard '\(file)' has \(sampleCount) samples in \(byteSize) bytes"
    } else if !SystemPath.isName(file) {
      "shard '\(file)' is not in the data set's folder"
    } else if !digest.hasPrefix(ContentDigest.prefix) {
      "the digest '\(digest)' of shard '\(file)' is none of XXH64"
    } else if (archive == nil) != (archiveByteSize == nil) || archive?.isEmpty == true
      || (archiveByteSize ?? 1) < 1
    {
      "shard '\(file)' has the archive '\(archive ?? "")' of \(archiveByteSize ?? 0) bytes"
    } else {
      nil
    }
  }
}

extension DatasetManifest: Codable {
  private enum CodingKeys: String, CodingKey {
    case format
    case formatVersion = "format_version"
    case sampleCount = "sample_count"
    case image
    case classes
    case shards
    case attribution
    case provenance
    case digest = "manifest_digest"
  }

  /// Reads a manifest and checks its format, its version and its counts.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func require(_ condition: Bool, _ key: CodingKeys, _ message: String) throws {
      guard condition else {
        throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: message)
      }
    }
    let format = try values.decode(String.self, forKey: .format)
    try require(
      format == Self.formatName, .format,
      "the format is '\(format)', expected '\(Self.formatName)'")
    let version = try values.decode(Int.self, forKey: .formatVersion)
    try require(
      (1...Self.formatVersion).contains(version), .formatVersion,
      "the format version is \(version), this program reads version 1 to \(Self.formatVersion)")
    image = try values.decode(ImageKind.self, forKey: .image)
    classes = try values.decode([String].self, forKey: .classes)
    shards = try values.decode([Shard].self, forKey: .shards)
    attribution = try values.decode(String.self, forKey: .attribution)
    provenance = try values.decode(String.self, forKey: .provenance)
    if let problem = shards.lazy.compactMap(\.problem).first {
      try require(false, .shards, problem)
    }
    func sum(_ terms: [Int], _ key: CodingKeys, _ name: String, limit: Int) throws -> Int {
      do {
        return try claimedSize(sum: terms, field: name, of: Self.fileName, limit: limit)
      } catch {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: values, debugDescription: error.problem)
      }
    }
    _ = try sum([classes.count], .classes, "the number of classes", limit: SizeLimit.classCount)
    _ = try sum(
      shards.map(\.byteSize), .shards, "the size of the shards", limit: SizeLimit.fileByteCount)
    let counted = try sum(
      shards.map(\.sampleCount), .shards, "the number of samples", limit: SizeLimit.sampleCount)
    let announced = try values.decode(Int.self, forKey: .sampleCount)
    try require(
      announced == counted && counted > 0, .sampleCount,
      "\(announced) samples are announced, the shards have \(counted)")
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(Self.formatName, forKey: .format)
    let hasArchives = shards.contains { $0.archive != nil }
    try values.encode(hasArchives ? Self.formatVersion : 2, forKey: .formatVersion)
    try values.encode(sampleCount, forKey: .sampleCount)
    try values.encode(image, forKey: .image)
    try values.encode(classes, forKey: .classes)
    try values.encode(shards, forKey: .shards)
    try values.encode(attribution, forKey: .attribution)
    try values.encode(provenance, forKey: .provenance)
  }
}
