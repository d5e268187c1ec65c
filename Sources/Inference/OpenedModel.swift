import ArrayFiles
package import Autodiff
import Checkpoints
package import Configurations
import Kernels
import Reporting
import Tensors

/// A model on the disk whose configuration is known and checked.
package struct OpenedModel {
  /// Where the weights come from.
  enum Origin {
    case file(ModelFile)
    case checkpoint(Checkpoint)
  }

  let source: ModelSource
  let origin: Origin
  /// What the weights were trained with.
  package let configuration: AnyRunConfiguration

  /// The configuration of a tokenizer.
  ///
  /// - Throws: `CommandError.unsupported` when the model is another.
  func tokenizer() throws -> TokenizerRunConfiguration {
    guard case .tokenizer(let configuration) = configuration else { throw otherKind(.tokenizer) }
    return configuration
  }

  /// The configuration of a generator.
  ///
  /// - Throws: `CommandError.unsupported` when the model is another.
  func generator() throws -> GeneratorRunConfiguration {
    guard case .generator(let configuration) = configuration else { throw otherKind(.generator) }
    return configuration
  }

  private func otherKind(_ expected: RunKind) -> CommandError {
    .unsupported(
      "\(source.path): expected a \(expected), found a \(configuration.kind): name another model")
  }

  /// Allocates the arena of the configured model, float32 without gradients, and reads the weights into it.
  ///
  /// The names and shapes of a file are compared before memory is taken.
  ///
  /// - Parameters:
  ///   - arena: The model's parameters, not yet allocated.
  ///   - notice: Is told of what a file has beside the model.
  /// - Throws: `WeightMismatch`, `NotFiniteWeights`, and the errors of files.
  package func read(into arena: ParameterArena, _ notice: Notice) throws {
    switch origin {
    case .file(let file): try file.read(into: arena, notice)
    case .checkpoint(let checkpoint):
      arena.allocate(forTraining: false)
      try checkpoint.read(source.weights, into: arena)
    }
  }

  /// Allocates the arena of the configured model or of a part of it, as a frozen network's, and reads its weights.
  ///
  /// All weights are read, one tensor at a time, and those that the arena has no parameter for are let go.
  ///
  /// - Parameters:
  ///   - arena: The parameters, not yet allocated.
  ///   - notice: Is told of what a file has beside the model.
  /// - Returns: The digest of all weights of the model, those of its whole arena in float32.
  /// - Throws: `WeightMismatch`, `NotFiniteWeights`, and the errors of files.
  func readFrozen(into arena: ParameterArena, _ notice: Notice) throws -> UInt64 {
    let whole = configuration.makeArena()
    var loading = FrozenLoading(
      arena, whole: whole, configuration.training.execution.convolutions)
    switch origin {
    case .file(let file):
      try file.tensors(of: whole, notice).forEachParameter { loading.take($0, $1) }
    case .checkpoint(let checkpoint):
      let (kind, name) = checkpoint.weights(source.weights)
      try checkpoint.forEachParameter(
        of: kind, ofNetwork: name, layouts: ParameterLayout.layouts(of: whole)
      ) { loading.take($0, $1) }
    }
    return loading.digest
  }
}

/// The filling of a frozen arena from the weights of a whole model.
private struct FrozenLoading {
  private let arena: ParameterArena
  private let elementCount: Int
  private let convolutions: ConvolutionArithmetic
  private var content = BufferDigest()
  private var position = 0

  /// - Parameters:
  ///   - arena: Not yet allocated; it is with the first parameter, when the file is known to be the model's.
  ///   - whole: The layout of the whole model.
  ///   - convolutions: How the model was trained to compute them.
  init(
    _ arena: ParameterArena, whole: ParameterArena, _ convolutions: ConvolutionArithmetic
  ) {
    (self.arena, elementCount) = (arena, whole.count)
    self.convolutions = convolutions
  }

  /// Takes a parameter, in the order of the whole model.
  mutating func take(_ layout: ParameterLayout, _ elements: Tensor) {
    if !arena.isAllocated {
      arena.allocateFrozen(convolutions: convolutions)
    }
    content.appendZeros(byteCount: byteCount(of: layout.range.lowerBound - position))
    content.append(elements.buffer)
    position = layout.range.upperBound
    arena[layout.name]?.assign(elements)
  }

  /// The digest of the whole model's values, gaps between parameters included.
  var digest: UInt64 {
    var all = content
    all.appendZeros(byteCount: byteCount(of: elementCount - position))
    return all.value
  }

  private func byteCount(of elementCount: Int) -> Int {
    elementCount * MemoryLayout<Float>.stride
  }
}

extension Checkpoint {
  /// The array that is meant by a choice of weights, of the network that the checkpoint is named for.
  func weights(_ choice: WeightChoice?) -> (kind: NetworkArrays.Kind, name: String) {
    let name = manifest.kind.rawValue
    let kind: NetworkArrays.Kind =
      switch choice {
      case .model: .model
      case .ema: .movingAverage
      case nil: has(.movingAverage, ofNetwork: name) ? .movingAverage : .model
      }
    return (kind, name)
  }

  /// Reads the weights that are meant.
  func read(_ choice: WeightChoice?, into arena: ParameterArena) throws {
    let (kind, name) = weights(choice)
    try read(
      kind, ofNetwork: name, into: arena.values, layouts: ParameterLayout.layouts(of: arena))
  }
}

/// A file of weights and what it says of the model that it is of.
struct ModelFile {
  private let file: WeightsFile
  private var modelDigest: String? { file.metadata[Self.digestKey] }

  /// The key of the file's text that holds the digest of the model's configuration.
  static let digestKey = "model_digest"

  init(path: String) throws { file = try WeightsFile(contentsOf: path) }

  init(_ file: WeightsFile) { self.file = file }

  var path: String { file.path }

  /// Allocates an arena, once the file is found to have its tensors, and reads them.
  ///
  /// - Throws: `WeightMismatch`, `NotFiniteWeights`, `ArrayFileError`.
  func read(into arena: ParameterArena, _ notice: Notice) throws {
    let tensors = try tensors(of: arena, notice)
    arena.allocate(forTraining: false)
    try tensors.read(into: arena)
  }

  /// The file's tensors for a model.
  ///
  /// - Throws: `WeightMismatch`, `ArrayFileError`.
  func tensors(of arena: ParameterArena, _ notice: Notice) throws -> ModelTensors {
    let tensors = try ModelTensors(file, of: arena)
    for omitted in tensors.omitted { notice("\(path): \(omitted)") }
    return tensors
  }

  /// The configuration that was given for it.
  ///
  /// - Throws: `CommandError.unsupported` without one, or where the file is of another model.
  func configuration(_ configurationPath: String?) throws -> AnyRunConfiguration {
    guard let configurationPath else {
      throw CommandError.unsupported(
        "\(path): a file of weights does not say what model it is of: give its configuration")
    }
    let configuration = try AnyRunConfiguration(contentsOf: configurationPath)
    let found = hexadecimal(configuration.modelDigest)
    if let modelDigest, modelDigest != found {
      throw CommandError.unsupported(
        "\(path) was exported from another model than that of \(configurationPath) (digest "
          + "\(modelDigest), here \(found)): give the configuration that it was trained with")
    }
    return configuration
  }
}
