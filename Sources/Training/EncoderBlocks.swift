import ArrayFiles
package import Autodiff
import Checkpoints
import Configurations
import Reporting
import ResidualTokenizer

/// Blocks of a DINOv3 as the first weights of a tokenizer's encoder blocks.
///
/// `blocks.i.X` of the file becomes `encoder.blocks.i.X`, with nothing permuted; everything else keeps its
/// initial values. Source: Docs/Training.md, section 5.
struct EncoderBlocks {
  private let encoderInitialization: TokenizerRunConfiguration.EncoderInitialization
  private let encoder: ResTok.Configuration.Transformer

  /// Names within a block that are taken.
  private static let names =
    ["norm1", "norm2", "attn.proj", "mlp.fc1", "mlp.fc2"].flatMap {
      ["\($0).weight", "\($0).bias"]
    }
    + ["attn.qkv.weight", "gamma_1", "gamma_2"]
  /// Names that only files with biases of queries and values have.
  private static let biases = ["attn.q_bias", "attn.v_bias"]

  init(
    _ encoderInitialization: TokenizerRunConfiguration.EncoderInitialization,
    of model: ResTok.Configuration
  ) {
    (self.encoderInitialization, encoder) = (encoderInitialization, model.encoder)
  }

  /// Reads the blocks.
  ///
  /// - Parameter arena: The tokenizer's parameters with their initial values.
  /// - Returns: Lines for the log: what was read, what was not, and what of the file was not used.
  /// - Throws: `CommandError.unfitData` for a file of another width or of too few blocks;
  ///   `WeightMismatch`, which lists all tensors that are missing or ill-shaped; `NotFiniteWeights`, and the
  ///   errors of the file.
  func read(into arena: ParameterArena) throws -> [String] {
    let path = encoderInitialization.file
    let file: WeightsFile
    do {
      file = try WeightsFile(contentsOf: path)
    } catch let error as ArrayFileError {
      throw CommandError.unfitData("init_encoder.file: \(error)")
    }
    let count = try blockCount(of: file)
    try requireWidth(of: file)
    let hasBiases = file.tensors.contains { $0.name == "blocks.0.\(Self.biases[0])" }
    let names = Self.names + (hasBiases ? Self.biases : [])
    let keys = Dictionary(
      uniqueKeysWithValues: (0..<count).flatMap { block in
        names.map { ("encoder.blocks.\(block).\($0)", "blocks.\(block).\($0)") }
      })
    let tensors: ModelTensors
    do {
      tensors = try ModelTensors(file, partsOf: arena) { keys[$0] }
      try tensors.read(into: arena)
    } catch let error as WeightMismatch {
      throw CommandError.unfitData(
        "init_encoder: " + error.text(naming: { keys[$0] ?? $0 })
          + "\nName a file of a DINOv3 with such blocks, or take fewer: init_encoder.layers.")
    } catch let error as NotFiniteWeights {
      throw error.foreign(tensor: keys[error.tensor] ?? error.tensor)
    }
    let rest = arena.parameters.map(\.name).filter { keys[$0] == nil }
    return [
      "init_encoder: \(count) blocks of \(path) (\(try file.digest())): "
        + Self.list(Array(keys.keys)),
      "init_encoder: initial values stay in " + Self.list(rest),
      "init_encoder: not used of the file: " + Self.list(tensors.unusedKeys),
    ]
  }

  /// How many blocks are taken.
  private func blockCount(of file: WeightsFile) throws -> Int {
    let indices = file.tensors.compactMap { tensor -> Int? in
      guard tensor.name.hasPrefix("blocks.") else { return nil }
      return Int(tensor.name.dropFirst("blocks.".count).prefix { $0 != "." })
    }
    // A number that the file has too few tensors for is no block's.
    let count = (indices.filter { 0..<file.tensors.count ~= $0 }.max() ?? -1) + 1
    guard count > 0 else {
      throw CommandError.unfitData(
        "init_encoder: \(file.path) has no tensors blocks.0.…: name a file of a DINOv3 in timm's names"
      )
    }
    let wanted = encoderInitialization.layerCount ?? min(count, encoder.layerCount)
    guard wanted <= count else {
      throw CommandError.unfitData(
        "init_encoder.layers: \(wanted) blocks are wanted, and \(file.path) has \(count): take fewer, or "
          + "all")
    }
    return wanted
  }

  private func requireWidth(of file: WeightsFile) throws {
    let name = "blocks.0.norm1.weight"
    guard let shape = file.tensors.first(where: { $0.name == name })?.shape, shape.count == 1,
      shape[0] != encoder.width
    else { return }
    throw CommandError.unfitData(
      "init_encoder: the blocks of \(file.path) are \(shape[0]) wide, those of the encoder "
        + "\(encoder.width) (model.encoder.width): name a file of the encoder's width")
  }

  /// Names with `*` for the numbers in them, each with how many there are.
  private static func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    var counts: [String: Int] = [:]
    for name in names {
      let pattern = name.split(separator: ".", omittingEmptySubsequences: false)
        .map { Int($0) == nil ? String($0) : "*" }.joined(separator: ".")
      counts[pattern, default: 0] += 1
    }
    return counts.sorted { $0.key < $1.key }
      .map { $0.value == 1 ? $0.key : "\($0.key) (\($0.value))" }.joined(separator: ", ")
  }
}

extension TokenizerTask {
  /// The digest of the file that an encoder begins with; nil without one, and where it is gone, for a run that
  /// goes on does not need it.
  ///
  /// - Throws: `FileError` when it is there and cannot be read.
  static func initialWeightsDigest(_ configuration: TokenizerRunConfiguration) throws -> String? {
    guard let path = configuration.encoderInitialization?.file, FileSystem.exists(path) else {
      return nil
    }
    return try ContentDigest.ofFile(at: path).prefixed
  }

  package func readInitialWeights(into arena: ParameterArena) throws -> [String] {
    try configuration.encoderInitialization.map {
      try EncoderBlocks($0, of: configuration.model).read(into: arena)
    } ?? []
  }
}
