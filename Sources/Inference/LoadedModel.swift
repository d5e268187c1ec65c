import ArrayFiles
public import Autodiff
public import Checkpoints
public import Configurations
public import HierarchicalGenerator
import Kernels
import Reporting
public import ResidualTokenizer
import Tensors

/// Which weights of a checkpoint are meant.
public enum WeightChoice: String, Sendable, CaseIterable {
  /// Their moving average.
  case ema
  /// As they are.
  case model
}

/// Where a trained model is.
public struct ModelSource: Sendable, Equatable {
  /// A run directory, a checkpoint directory or a safetensors file.
  public let path: String
  /// The configuration of a safetensors file.
  public let configurationPath: String?
  /// Which weights are meant; the moving average where there is one when nil.
  public let weights: WeightChoice?

  /// Names a model.
  public init(path: String, configurationPath: String? = nil, weights: WeightChoice? = nil) {
    self.path = path
    self.configurationPath = configurationPath
    self.weights = weights
  }

  private var isFile: Bool { path.hasSuffix(".safetensors") }

  private var isRun: Bool { FileSystem.exists(path + "/checkpoints") }

  /// The file that says what model it is.
  func requiredConfiguration() throws -> String {
    if let configurationPath { return configurationPath }
    if isFile {
      throw CommandError.unsupported(
        "\(path): a .safetensors file does not say what model it is of: give its configuration")
    }
    if isRun { return path + "/config.yaml" }
    let run = SystemPath.parent(of: SystemPath.parent(of: path))
    return SystemPath.path(of: "config.yaml", in: run)
  }

  /// Reads the weights into `arena`.
  package func read(into arena: ParameterArena) throws {
    guard !isFile else { return try PublishedWeights.read(path, into: arena) }
    let checkpoint = try checkpoint()
    let layouts = ParameterLayout.layouts(of: arena)
    let name = checkpoint.manifest.kind.rawValue
    let hasAverage = checkpoint.has(.movingAverage, ofNetwork: name)
    let kind: NetworkArrays.Kind =
      switch weights {
      case .model: .model
      case .ema: .movingAverage
      case nil: hasAverage ? .movingAverage : .model
      }
    try checkpoint.read(kind, ofNetwork: name, into: arena.values, layouts: layouts)
  }

  /// The checkpoint that is meant: the newest sound one of a run, or a sound one by its directory.
  public func checkpoint() throws -> Checkpoint {
    guard isRun else {
      let verification = CheckpointVerification(of: path)
      try verification.requireSound()
      return try Checkpoint(directory: path)
    }
    let latest = try CheckpointStore(root: path + "/checkpoints").latest()
    guard let checkpoint = latest.checkpoint else {
      throw CommandError.noSoundCheckpoint(
        directory: path + "/checkpoints",
        problems: latest.rejected.flatMap { $0.problems.map { "\($0)" } })
    }
    return checkpoint
  }
}

/// A trained tokenizer, ready to encode and decode.
public struct LoadedTokenizer {
  /// The model.
  public let model: ResTok
  /// The weights.
  public let arena: ParameterArena
  /// Digest of the weights, which codes carry.
  public let digest: String

  /// Loads a tokenizer, whose products take operands of a precision.
  public init(_ source: ModelSource, precision: Precision = .float32) throws {
    let configuration = try TokenizerRunConfiguration(
      contentsOf: try source.requiredConfiguration())
    arena = ParameterArena()
    model = ResTok(configuration.model, in: ParameterScope(arena))
    arena.allocate(forTraining: false, operandType: precision.operandType)
    try source.read(into: arena)
    arena.refreshOperands()
    digest = hexadecimal(Kernels.digest(of: arena.values.buffer))
  }
}

/// A trained generator, ready to sample.
public struct LoadedGenerator {
  /// The model.
  public let model: Generator
  /// The weights.
  public let arena: ParameterArena

  /// Loads a generator, whose products take operands of a precision.
  public init(_ source: ModelSource, precision: Precision = .float32) throws {
    let configuration = try GeneratorRunConfiguration(
      contentsOf: try source.requiredConfiguration())
    arena = ParameterArena()
    model = Generator(configuration.model, in: ParameterScope(arena))
    arena.allocate(forTraining: false, operandType: precision.operandType)
    try source.read(into: arena)
    arena.refreshOperands()
  }
}
