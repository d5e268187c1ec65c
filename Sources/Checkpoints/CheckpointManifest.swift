import ArrayFiles
import Foundation

/// What a checkpoint says about itself: its training state in figures and digests.
///
/// Nothing in it depends on the number of ranks, on time or on place, so equal training states give
/// byte-identical checkpoints. The file `manifest.json` carries a digest of itself, so that damage
/// to it is found too.
public struct CheckpointManifest: Codable, Sendable, Hashable {
  /// One tensor of a file.
  public struct Tensor: Codable, Sendable, Hashable {
    /// The published name, which is the dataset's name.
    public let name: String
    /// The size of each axis.
    public let shape: [Int]
    /// The digest of the elements as float32, little-endian.
    public let digest: String
  }

  /// One HDF5 file of the checkpoint.
  public struct File: Codable, Sendable, Hashable {
    /// The name in the checkpoint's directory.
    public let name: String
    /// The number of bytes.
    public let size: Int
    /// The digest of the bytes.
    public let digest: String
    /// The tensors in the order they were written.
    public let tensors: [Tensor]
  }

  /// One network of the checkpoint.
  public struct Network: Codable, Sendable, Hashable {
    /// The name, the first part of its files' names.
    public let name: String
    /// The steps that its optimizer has done.
    public let stepCount: Int

    private enum CodingKeys: String, CodingKey {
      case name
      case stepCount = "step_count"
    }

    /// A network and its optimizer's steps.
    public init(name: String, stepCount: Int) {
      self.name = name
      self.stepCount = stepCount
    }
  }

  /// The version of the layout that this program writes; it reads the first one too, which has one
  /// network of the checkpoint's kind, files without its name, and no `state_digest`.
  public static let supportedVersion = 2
  /// The name of the manifest's file.
  public static let fileName = "manifest.json"

  /// The version of the checkpoint's layout.
  public let formatVersion: Int
  /// What was trained.
  public let kind: RunKind
  /// The number of finished training steps.
  public let step: Int
  /// The digest of the resolved configuration.
  public let configurationDigest: String
  /// The digest of the weights of the network that the checkpoint is named for.
  public let replicaDigest: String
  /// The digest of all arrays of all networks, as the replicas compare it, for
  /// information; nil in the first version and where no step was computed.
  public let stateDigest: String?
  /// What must be the same for the same bits: threads, instruction set, library versions, lanes.
  public let pins: [String: String]
  /// The networks, in the order of their phases.
  public let networks: [Network]
  /// The files, sorted by name.
  public let files: [File]
  /// The digest of the manifest with sixteen zeros in this place.
  public internal(set) var digest: String

  private enum CodingKeys: String, CodingKey {
    case formatVersion = "format_version"
    case kind
    case step
    case configurationDigest = "configuration_digest"
    case replicaDigest = "replica_digest"
    case stateDigest = "state_digest"
    case pins
    case networks
    case files
    case digest
  }

  private static let digestPlaceholder = String(repeating: "0", count: 16)

  /// The manifest of files that have been written.
  init(step: Int, description: CheckpointDescription, networks: [Network], files: [File]) {
    formatVersion = Self.supportedVersion
    kind = description.kind
    self.step = step
    configurationDigest = description.configurationDigest
    replicaDigest = description.replicaDigest
    stateDigest = description.stateDigest
    pins = description.pins
    self.networks = networks
    self.files = files.sorted { $0.name < $1.name }
    digest = Self.digestPlaceholder
  }

  /// Reads what `encoded` or a program of the first version wrote.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    formatVersion = try values.decode(Int.self, forKey: .formatVersion)
    kind = try values.decode(RunKind.self, forKey: .kind)
    step = try values.decode(Int.self, forKey: .step)
    configurationDigest = try values.decode(String.self, forKey: .configurationDigest)
    replicaDigest = try values.decode(String.self, forKey: .replicaDigest)
    stateDigest = try values.decodeIfPresent(String.self, forKey: .stateDigest)
    pins = try values.decode([String: String].self, forKey: .pins)
    networks =
      formatVersion == 1
      ? [Network(name: kind.rawValue, stepCount: step)]
      : try values.decode([Network].self, forKey: .networks)
    files = try values.decode([File].self, forKey: .files)
    digest = try values.decode(String.self, forKey: .digest)
  }

  /// The manifest as the bytes of its file, with its digest.
  func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    var manifest = self
    manifest.digest = Self.digestPlaceholder
    let text = try encoder.encode(manifest)
    manifest.digest = text.withUnsafeBytes { ContentDigest.of($0).hexadecimal }
    return [UInt8](try encoder.encode(manifest)) + [UInt8(ascii: "\n")]
  }

  /// Reads and checks the manifest of a checkpoint's directory.
  ///
  /// - Throws: `CheckpointError` when it is missing, damaged or of another version.
  public init(directory: String) throws {
    let path = directory + "/" + Self.fileName
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.bytes(of: path)
    } catch {
      throw CheckpointError.noManifest(directory: directory)
    }
    let data = Data(bytes)
    do {
      let version = try JSONDecoder().decode(Version.self, from: data)
      guard (1...Self.supportedVersion).contains(version.formatVersion) else {
        throw CheckpointError.unsupportedVersion(
          directory: directory, expected: Self.supportedVersion, found: version.formatVersion)
      }
      self = try JSONDecoder().decode(CheckpointManifest.self, from: data)
    } catch is DecodingError {
      throw CheckpointError.damagedManifest(
        directory: directory, reason: "it is not the JSON that a checkpoint has")
    }
    guard let expected = Self.contentDigest(of: data, without: digest), expected == digest else {
      throw CheckpointError.damagedManifest(
        directory: directory, reason: "its digest does not match its content")
    }
  }

  /// Whatever else another version has, it has this.
  private struct Version: Decodable {
    let formatVersion: Int

    private enum CodingKeys: String, CodingKey {
      case formatVersion = "format_version"
    }
  }

  /// The digest of a manifest's bytes with the placeholder in the place of its own digest, or nil
  /// where that does not occur exactly once.
  ///
  /// Working on the bytes and not on the values finds every change, and does not depend on how a
  /// version of the JSON encoder spaces its output.
  private static func contentDigest(of data: Data, without digest: String) -> String? {
    guard data.last == UInt8(ascii: "\n") else { return nil }
    let own = Data(digest.utf8)
    var content = data.dropLast()
    guard own.count == digestPlaceholder.utf8.count, let place = content.range(of: own),
      content[place.upperBound...].range(of: own) == nil
    else { return nil }
    content.replaceSubrange(place, with: digestPlaceholder.utf8)
    return content.withUnsafeBytes { ContentDigest.of($0).hexadecimal }
  }
}

/// What the caller says about a checkpoint beside its tensors.
public struct CheckpointDescription: Sendable, Hashable {
  /// What is trained.
  public var kind: RunKind
  /// The digest of the resolved configuration.
  public var configurationDigest: String
  /// The digest of the weights of the network that the checkpoint is named for.
  public var replicaDigest: String
  /// The digest of all arrays of all networks, as the replicas compare it.
  public var stateDigest: String?
  /// What must be the same for the same bits: threads, instruction set, library versions, lanes.
  public var pins: [String: String]

  /// A description of all parts; none may depend on ranks, time or place.
  public init(
    kind: RunKind, configurationDigest: String, replicaDigest: String,
    stateDigest: String? = nil, pins: [String: String]
  ) {
    self.kind = kind
    self.configurationDigest = configurationDigest
    self.replicaDigest = replicaDigest
    self.stateDigest = stateDigest
    self.pins = pins
  }
}
