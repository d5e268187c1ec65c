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

    /// The number of elements; of a manifest that was read the product has been checked.
    public var elementCount: Int { shape.reduce(1, *) }
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

    /// What the file is compared with before it is opened.
    var record: ContentRecord { ContentRecord(byteCount: size, digest: digest) }
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
  /// The configuration, as YAML, without what says where the run lives; nil where an earlier version
  /// wrote the checkpoint.
  public let configuration: String?
  /// What must be the same for the same bits: threads, instruction set, library versions, lanes, data.
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
    case configuration
    case pins
    case networks
    case files
    case digest
  }

  /// The manifest of files that have been written.
  init(step: Int, description: CheckpointDescription, networks: [Network], files: [File]) {
    formatVersion = Self.supportedVersion
    kind = description.kind
    self.step = step
    configurationDigest = description.configurationDigest
    replicaDigest = description.replicaDigest
    stateDigest = description.stateDigest
    configuration = description.configuration
    pins = description.pins
    self.networks = networks
    self.files = files.sorted { $0.name < $1.name }
    digest = EmbeddedDigest.placeholder
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
    configuration = try values.decodeIfPresent(String.self, forKey: .configuration)
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
    manifest.digest = EmbeddedDigest.placeholder
    let text = try encoder.encode(manifest)
    manifest.digest = text.withUnsafeBytes { ContentDigest.of($0).hexadecimal }
    return [UInt8](try encoder.encode(manifest)) + [UInt8(ascii: "\n")]
  }

  /// Reads and checks the manifest of a checkpoint's directory.
  ///
  /// - Throws: `CheckpointError` when it is missing, damaged or of another version; `FileError` when the
  ///   system cannot read it just now.
  public init(directory: String) throws {
    let path = directory + "/" + Self.fileName
    let bytes: [UInt8]
    do {
      _ = try claimedSize(
        FileSystem.size(of: path), field: "its size", of: path, limit: SizeLimit.manifestByteCount)
      bytes = try FileSystem.bytes(of: path)
    } catch let error as SizeError {
      throw CheckpointError.damagedManifest(directory: directory, reason: error.problem)
    } catch let error as FileError where error.isMissing {
      throw CheckpointError.noManifest(directory: directory)
    }
    let data = Data(bytes)
    // The last byte is a line's end, which the digest does not cover.
    func isRight(_ digest: String) -> Bool {
      bytes.last == UInt8(ascii: "\n")
        && EmbeddedDigest.isRight(digest, of: Array(bytes.dropLast()))
    }
    do {
      let version = try JSONText.decode(Version.self, from: data)
      guard version.formatVersion >= 1 else {
        throw CheckpointError.damagedManifest(
          directory: directory, reason: "its format version is \(version.formatVersion)")
      }
      // Of a damaged manifest the version is no more to be believed than the rest.
      guard version.formatVersion <= Self.supportedVersion || !isRight(version.digest) else {
        throw CheckpointError.unsupportedVersion(
          directory: directory, expected: Self.supportedVersion, found: version.formatVersion)
      }
      self = try JSONText.decode(CheckpointManifest.self, from: data)
    } catch is DecodingError {
      throw CheckpointError.damagedManifest(
        directory: directory, reason: "it is not the JSON that a checkpoint has")
    }
    guard isRight(digest), formatVersion <= Self.supportedVersion else {
      throw CheckpointError.damagedManifest(
        directory: directory, reason: "its digest does not match its content")
    }
    for file in files where !SystemPath.isName(file.name) {
      throw CheckpointError.damagedManifest(
        directory: directory,
        reason: "the file's name \(file.name.debugDescription) is none in the directory")
    }
    do {
      try checkSizes(path: path)
    } catch {
      throw CheckpointError.damagedManifest(directory: directory, reason: error.problem)
    }
  }

  /// Checks all that becomes a size or a number of a step.
  private func checkSizes(path: String) throws(SizeError) {
    for (name, count) in [("step", step)] + networks.map({ ("step_count", $0.stepCount) }) {
      _ = try claimedSize(count, field: name, of: path, limit: SizeLimit.stepCount)
    }
    for file in files {
      let size = try claimedSize(
        file.size, field: "size of \(file.name)", of: path, limit: SizeLimit.fileByteCount)
      // A file holds the bytes of all its tensors.
      var byteCounts: [Int] = []
      for tensor in file.tensors {
        byteCounts.append(
          try claimedSize(
            product: tensor.shape + [MemoryLayout<Float>.stride],
            field: "the number of bytes of \(file.name) '\(tensor.name)'", of: path, limit: size))
      }
      _ = try claimedSize(
        sum: byteCounts, field: "the number of bytes of the tensors of \(file.name)", of: path,
        limit: size)
    }
  }

  /// Whatever else another version has, it has this.
  private struct Version: Decodable {
    let formatVersion: Int
    let digest: String

    private enum CodingKeys: String, CodingKey {
      case formatVersion = "format_version"
      case digest
    }
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
  /// The configuration as YAML, with which the checkpoint is a model wherever it is.
  public var configuration: String?
  /// What must be the same for the same bits: threads, instruction set, library versions, lanes, data.
  public var pins: [String: String]

  /// A description of all parts; none may depend on ranks, time or place.
  public init(
    kind: RunKind, configurationDigest: String, replicaDigest: String,
    stateDigest: String? = nil, configuration: String? = nil, pins: [String: String]
  ) {
    self.kind = kind
    self.configurationDigest = configurationDigest
    self.replicaDigest = replicaDigest
    self.stateDigest = stateDigest
    self.configuration = configuration
    self.pins = pins
  }
}
