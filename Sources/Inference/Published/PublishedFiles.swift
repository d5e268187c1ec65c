import ArrayFiles
import Checkpoints
import Reporting

/// The files of a published model: its weights, and the configuration beside them.
///
///     config.json
///     model.safetensors, or model.safetensors.index.json with its files, or pytorch_model.bin
struct PublishedFiles {
  /// The file of weights.
  let weights: String
  /// The configuration of the published program.
  let configuration: String

  /// The names that weights have in a folder, the one that is taken first.
  static let weightNames = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
    "pytorch_model.bin.index.json",
  ]
  /// The name of the configuration beside weights.
  static let configurationName = "config.json"

  /// Finds the files.
  ///
  /// - Parameters:
  ///   - path: A folder, or a file of weights.
  ///   - configurationPath: The configuration; `config.json` beside the weights when nil.
  ///   - notice: Is told of weights that are there too and are not read.
  /// - Throws: `CommandError.unfitData` where a file is missing; `FileError`.
  init(at path: String, configurationPath: String?, _ notice: Notice) throws {
    guard !FileSystem.isMissing(path) else {
      throw CommandError.unfitData("\(path): there is no such file or folder: check the path")
    }
    try FileSystem.requireVisible(path)
    let folder: String
    if FileSystem.isDirectory(path) {
      folder = path
      weights = try Self.weights(in: path, notice)
    } else {
      folder = SystemPath.parent(of: path)
      weights = path
    }
    configuration =
      configurationPath ?? SystemPath.path(of: Self.configurationName, in: folder)
    guard FileSystem.exists(configuration) else {
      throw CommandError.unfitData(
        "\(configuration): there is no such file, and nothing else says what model the weights are of: "
          + "name the published program's configuration with --config")
    }
  }

  private static func weights(in folder: String, _ notice: Notice) throws -> String {
    let found = weightNames.map { SystemPath.path(of: $0, in: folder) }
      .filter(FileSystem.exists)
    guard let first = found.first else {
      throw CommandError.unfitData(
        "\(folder): there is none of \(weightNames.joined(separator: ", ")): name the file of weights "
          + "itself")
    }
    for other in found.dropFirst() { notice("\(other) is not read: the weights are \(first)") }
    return first
  }
}

extension WeightsFile {
  /// Which of the two published models the tensors are of, by their names.
  ///
  /// - Throws: `CommandError.unfitData` where they are of neither.
  func publishedKind() throws -> RunKind {
    func count(_ prefixes: [String]) -> Int {
      tensors.count { tensor in
        prefixes.contains(where: PublishedWeights.name(of: tensor.name).hasPrefix)
      }
    }
    let tokenizerCount = count(["encoder.", "decoder.", "pixel_", "quantize."])
    let generatorCount = count(["cls_embedding.", "tok_embeddings.", "spe_tok_", "layers."])
    guard tokenizerCount != generatorCount else {
      throw CommandError.unfitData(
        "\(path): the names of its \(tensors.count) tensors are those of no published tokenizer and no "
          + "generator: name another file")
    }
    return tokenizerCount > generatorCount ? .tokenizer : .generator
  }
}
