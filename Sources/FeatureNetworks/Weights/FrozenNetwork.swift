public import ArrayFiles
public import Autodiff
import Checkpoints
public import Tensors

/// How weights of frozen networks are drawn where a benchmark has no file of them.
let frozenInitializer = Initializer.truncatedNormal(standardDeviation: 0.02)

/// A network that is never trained, with the weights of a file.
///
/// Its arena has no gradients, so that on every tape it costs none: they pass through it to the images.
/// For tapes of bfloat16 operands, weights that are nothing but operands take 2 bytes each.
public struct FrozenNetwork<Network> {
  /// The network.
  public let network: Network
  /// Where its weights are.
  public let arena: ParameterArena
  /// The file that they came from; nil for random ones.
  public let path: String?

  /// Reads a network from a file.
  ///
  /// - Parameters:
  ///   - file: The file; of its tensors exactly those of the network.
  ///   - operandType: The operand type of the tapes that it will be used on.
  ///   - isIgnored: Names in the file that are passed over.
  ///   - make: Creates the network's parameters in a scope.
  /// - Throws: `WeightMismatch`, which lists everything that is missing, extra or ill-shaped;
  ///   `NotFiniteWeights`; `ArrayFileError` when the file is malformed.
  public init(
    _ file: WeightsFile, operandType: ElementType,
    ignoring isIgnored: (String) -> Bool = { _ in false },
    _ make: (ParameterScope) throws -> Network
  ) throws {
    arena = ParameterArena(frozenForOperandsOf: operandType)
    network = try make(ParameterScope(arena))
    path = file.path
    try FrozenWeights.read(file, into: arena, ignoring: isIgnored)
  }

  /// Makes a network of random weights, for benchmarks and tests.
  public init(
    seed: UInt64, operandType: ElementType, _ make: (ParameterScope) -> Network
  ) {
    arena = ParameterArena(frozenForOperandsOf: operandType)
    network = make(ParameterScope(arena))
    path = nil
    arena.allocateFrozen()
    arena.initialize(seed: seed)
  }
}

extension FrozenNetwork<VisionTransformer> {
  /// Checks a file as reading it would, and takes no memory for the network.
  ///
  /// - Parameters:
  ///   - file: A file in the naming of timm or of DINO.
  ///   - configuration: What is in it.
  /// - Throws: What reading any network throws.
  public static func check(
    _ file: WeightsFile, _ configuration: VisionTransformer.Configuration
  ) throws {
    let arena = ParameterArena()
    _ = VisionTransformer(configuration, in: ParameterScope(arena))
    try FrozenWeights.check(
      file, against: arena, ignoring: VisionTransformerArchitecture.isIgnored)
  }

  /// Reads a vision transformer.
  ///
  /// - Parameters:
  ///   - file: A file in the naming of timm or of DINO.
  ///   - configuration: What is in it, for instance by its shapes (`Configuration.init(of:_:)`).
  ///   - operandType: The operand type of the tapes that it will be used on.
  /// - Throws: What reading any network throws.
  public init(
    _ file: WeightsFile, _ configuration: VisionTransformer.Configuration, operandType: ElementType
  ) throws {
    try self.init(
      file, operandType: operandType, ignoring: VisionTransformerArchitecture.isIgnored
    ) { VisionTransformer(configuration, in: $0) }
  }
}
