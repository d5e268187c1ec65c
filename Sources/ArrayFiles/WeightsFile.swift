import Foundation

/// The tensors of a file of weights in any of the formats that are read.
///
/// These are `.safetensors`, an index of several (`WeightsIndex`), and what `torch.save` writes
/// (`PyTorchFile`). The first bytes say which of them it is, and for an index its ending `.json`.
public struct WeightsFile: Sendable {
  /// The path of the file.
  public let path: String
  /// The tensors in the order of the file; no two have the same name.
  public let tensors: [any StoredTensor]
  /// The free-form text of a safetensors file; empty for the other formats.
  public let metadata: [String: String]

  /// The endings that files of weights have, for messages.
  public static let endings = ".safetensors, .pth, .pt, .bin or .index.json"

  /// Whether a path has the ending of a file of weights.
  public static func hasEnding(_ path: String) -> Bool {
    ["safetensors", "pth", "pt", "bin", "json"].contains(SystemPath.ending(of: path))
  }
  /// The paths of all files that were opened: of an index, itself and those that it names.
  public let files: [String]

  /// What an `ArrayFileError` says of a file that is not there.
  package static let absence = "there is no such file"

  /// Gathers tensors that were read already.
  ///
  /// - Parameters:
  ///   - tensors: The tensors, no two of one name.
  ///   - path: What to call their file in messages.
  public init(_ tensors: [any StoredTensor], path: String) {
    precondition(
      Set(tensors.map(\.name)).count == tensors.count, "WeightsFile: two tensors of one name")
    (self.tensors, self.path, metadata, files) = (tensors, path, [:], [])
  }

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: The path.
  ///   - keys: The dictionary in a file of PyTorch that the tensors are in, such as `["model"]`: one
  ///     key within the other.
  /// - Throws: `FileError` when a file cannot be read; `ArrayFileError` or `SizeError` when there is none, it
  ///   is malformed, or has no such keys.
  public init(contentsOf path: String, at keys: [String] = []) throws {
    self.path = path
    guard !FileSystem.isMissing(path) else {
      throw ArrayFileError(
        file: path, problem: Self.absence, advice: "Check the path, and where it is written.")
    }
    guard !FileSystem.isDirectory(path) else {
      throw ArrayFileError(
        file: path, problem: "it is a folder", advice: "Name a file that ends in \(Self.endings).")
    }
    let data = try fileContent(at: path)
    let format = Self.format(of: data, path: path)
    guard keys.isEmpty || format == .pytorch else {
      throw ArrayFileError(
        file: path, array: keys.joined(separator: "."),
        problem: "a safetensors file has no dictionaries in it",
        advice: "Leave the keys out, or check that the file is the one meant.")
    }
    switch format {
    case .pytorch:
      (tensors, metadata) = (try PyTorchFile(data: data, path: path).tensors(at: keys), [:])
      files = [path]
    case .index:
      let index = try WeightsIndex(data: data, path: path)
      (tensors, metadata) = (index.tensors, [:])
      files = [path] + index.files
    case .safetensors:
      files = [path]
      let file = try SafetensorsFile(data: data, path: path)
      (tensors, metadata) = (try file.names.map(file.tensor), file.metadata)
    }
  }

  /// The digest of the content of all files, as `xxh64:` and 16 hexadecimal digits: of a single file its own,
  /// of several that of their digests.
  ///
  /// - Throws: `FileError`.
  /// - Precondition: The tensors were read from files.
  public func digest() throws -> String {
    precondition(!files.isEmpty, "WeightsFile: \(path) was gathered, and has no files to digest")
    let digests = try files.map { try ContentDigest.ofFile(at: $0).prefixed }
    guard digests.count > 1 else { return digests[0] }
    var all = ContentDigest()
    Array(digests.joined(separator: "\n").utf8).withUnsafeBytes { all.update($0) }
    return all.prefixed
  }

  private enum Format {
    case safetensors
    case index
    case pytorch
  }

  /// What the first bytes say, or else the ending, so that the reader of a damaged file says what is
  /// wrong with it.
  private static func format(of data: Data, path: String) -> Format {
    // A header of less than 4 GiB, and its first brace.
    if LittleEndianBytes(data).contains([0, 0, 0, 0, UInt8(ascii: "{")], at: 4) {
      return .safetensors
    }
    if PyTorchArchive.isBegun(by: data) || PyTorchLegacyFormat.offsetBehindMagic(of: data) != nil {
      return .pytorch
    }
    return switch SystemPath.ending(of: path) {
    case "json": .index
    case "pth", "pt", "bin": .pytorch
    default: .safetensors
    }
  }
}
