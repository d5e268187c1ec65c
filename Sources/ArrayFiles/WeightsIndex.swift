import Foundation

/// A model's tensors in several files of weights, of which an index says where each one is.
///
///     model.safetensors.index.json    {"metadata": …, "weight_map": {TENSOR: FILE, …}}
///     pytorch_model.bin.index.json    the same for files of PyTorch
///
/// Source: Hugging Face `huggingface_hub/serialization`, `StateDictSplit`.
public struct WeightsIndex: Sendable {
  /// The path of the index.
  public let path: String
  /// The tensors, sorted by name.
  public let tensors: [any StoredTensor]
  /// The paths of the files that it names.
  public let files: [String]

  /// Most files of one index.
  static let fileCountLimit = 1 << 12

  private struct Content: Decodable {
    // The name is the format's.
    var weightMap: [String: String]

    private enum CodingKeys: String, CodingKey {
      case weightMap = "weight_map"
    }
  }

  /// Reads an index, and opens the files that it names, which lie beside it.
  ///
  /// - Throws: `FileError` when a file cannot be read; `ArrayFileError` or `SizeError` when the index
  ///   or a file is malformed, a file is missing or not beside the index, or a tensor is not in the
  ///   file that the index says, or in another one too.
  public init(contentsOf path: String) throws {
    try self.init(data: fileContent(at: path), path: path)
  }

  init(data: Data, path: String) throws {
    self.path = path
    let map = try Self.map(data, path: path)
    let names = try Self.files(of: map, path: path)
    files = names.map { SystemPath.path(of: $0, in: SystemPath.parent(of: path)) }
    var found: [String: any StoredTensor] = [:]
    for (name, path) in zip(names, files) {
      let file = try WeightsFile(contentsOf: path)
      for tensor in file.tensors {
        guard map[tensor.name] == name else {
          throw Self.contradiction(
            file.path, tensor.name, map[tensor.name].map { "the index says '\($0)'" })
        }
        found[tensor.name] = tensor
      }
    }
    tensors = try map.keys.sorted().map { name in
      guard let tensor = found[name] else {
        throw Self.contradiction(
          path, name, "it is not in '\(VisibleText.name(map[name] ?? ""))', where the index says")
      }
      return tensor
    }
  }

  private static func contradiction(_ file: String, _ tensor: String, _ problem: String?)
    -> ArrayFileError
  {
    ArrayFileError(
      file: file, array: tensor, problem: problem ?? "the index does not name it",
      advice: "The files are of different versions: download all of them anew.")
  }

  /// The names of the files by the names of the tensors.
  private static func map(_ text: Data, path: String) throws -> [String: String] {
    _ = try claimedSize(
      text.count, field: "the size of the file", of: path, limit: SafetensorsHeader.maximumSize)
    do {
      return try JSONText.decode(Content.self, from: text).weightMap
    } catch let error as DecodingError {
      throw ArrayFileError(
        file: path, problem: "it is no index: \(SafetensorsHeader.summary(error))",
        advice: damagedFileAdvice)
    }
  }

  /// The names of the files, all of which are there.
  private static func files(of map: [String: String], path: String) throws -> [String] {
    let names = Set(map.values).sorted()
    _ = try claimedSize(
      names.count, field: "the number of files in weight_map", of: path, limit: fileCountLimit)
    for name in names where !SystemPath.isName(name) || SystemPath.ending(of: name) == "json" {
      throw ArrayFileError(
        file: path,
        problem: "weight_map names '\(VisibleText.name(name))', which is no file's name",
        advice: "The files lie beside the index: name them without a folder.")
    }
    let folder = SystemPath.parent(of: path)
    let missing = names.filter { !FileSystem.exists(SystemPath.path(of: $0, in: folder)) }
    guard missing.isEmpty else {
      let shown = missing.prefix(10).map { "'\(VisibleText.name($0))'" }.joined(separator: ", ")
      throw ArrayFileError(
        file: path, problem: "\(missing.count) of \(names.count) files are missing: \(shown)",
        advice: "Put them beside the index.")
    }
    return names
  }
}
