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

    private enum CodingKeys: String, CodingKey {
      case file
      case sampleCount = "sample_count"
      case byteSize = "byte_size"
      case digest
    }
  }

  /// Name of the manifest in a data set's folder.
  public static let fileName = "dataset.json"
  /// The format that this program writes and reads.
  public static let formatVersion = 1
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
    return "xxh64:" + digest.hexadecimal
  }

  /// Reads the manifest of a data set.
  ///
  /// - Parameter folder: The data set's folder.
  /// - Throws: `DataError` if it is missing, no manifest, or of another format version.
  public init(folder: String) throws(DataError) {
    let path = folder + "/" + Self.fileName
    let content: [UInt8]
    do {
      content = try FileSystem.bytes(of: path)
    } catch {
      throw DataError(
        file: path,
        problem: "the manifest cannot be read: \((error as? FileError)?.reason ?? "\(error)")",
        advice: "Name a folder that `restok data` wrote; it holds \(Self.fileName).")
    }
    do {
      self = try JSONDecoder().decode(DatasetManifest.self, from: Data(content))
    } catch {
      throw DataError(
        file: path, problem: "the manifest is not as expected: \(Self.text(of: error))",
        advice: restoreAdvice)
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
    let content = try encoder.encode(self)
    try AtomicFile.write([UInt8](content) + Array("\n".utf8), to: folder + "/" + Self.fileName)
  }

  private static func text(of error: any Error) -> String {
    func path(_ context: DecodingError.Context) -> String {
      let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
      return keys.isEmpty ? "the top level" : keys.joined(separator: ".")
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context):
      return "'\(key.stringValue)' is missing at \(path(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      return "\(context.debugDescription) at \(path(context))"
    default:
      return "\(error)"
    }
  }
}

extension DatasetManifest.Shard: Codable {}

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
      version == Self.formatVersion, .formatVersion,
      "the format version is \(version), this program reads version \(Self.formatVersion)")
    image = try values.decode(ImageKind.self, forKey: .image)
    classes = try values.decode([String].self, forKey: .classes)
    shards = try values.decode([Shard].self, forKey: .shards)
    attribution = try values.decode(String.self, forKey: .attribution)
    provenance = try values.decode(String.self, forKey: .provenance)
    for shard in shards {
      try require(
        shard.sampleCount > 0 && shard.byteSize > 0, .shards,
        "shard '\(shard.file)' has \(shard.sampleCount) samples in \(shard.byteSize) bytes")
      try require(
        !shard.file.contains("/"), .shards, "shard '\(shard.file)' is not in the data set's folder")
    }
    let announced = try values.decode(Int.self, forKey: .sampleCount)
    let counted = shards.reduce(0) { $0 &+ $1.sampleCount }
    try require(
      announced == counted && counted > 0, .sampleCount,
      "\(announced) samples are announced, the shards have \(counted)")
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(Self.formatName, forKey: .format)
    try values.encode(Self.formatVersion, forKey: .formatVersion)
    try values.encode(sampleCount, forKey: .sampleCount)
    try values.encode(image, forKey: .image)
    try values.encode(classes, forKey: .classes)
    try values.encode(shards, forKey: .shards)
    try values.encode(attribution, forKey: .attribution)
    try values.encode(provenance, forKey: .provenance)
  }
}
