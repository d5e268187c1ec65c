public import Autodiff
import Layers

/// A vision transformer: patches of an image as a sequence of tokens.
///
///     x = [class token, registers, patches + positions];  block after block;  LayerNorm
///
/// One network for all published ones, whose differences are its configuration. Images
/// `[batch, height, width, 3]`, tokens `[batch, prefixCount + rows * columns, width]`, patches row by row.
/// Source: Dosovitskiy et al. 2021; Docs/Networks.md, section 3.
public struct VisionTransformer {
  /// Sizes and switches.
  public let configuration: Configuration
  /// Where the parameters are; they do not keep it alive themselves.
  private let arena: ParameterArena
  private let patchProjection: Convolution
  private let classToken: Parameter?
  private let registers: Parameter?
  private let positions: Parameter?
  private let inputNorm: LayerNorm?
  private let blocks: [TransformerBlock]
  private let norm: LayerNorm

  /// Creates the parameters under their published names in a scope.
  ///
  /// - Parameters:
  ///   - configuration: Sizes and switches.
  ///   - scope: Where the parameters are named.
  /// - Precondition: Heads divide the width evenly, with rotary positions into multiples of 4.
  public init(_ configuration: Configuration, in scope: ParameterScope) {
    let (width, architecture) = (configuration.width, configuration.architecture)
    func norm(_ name: String) -> LayerNorm {
      LayerNorm(channelCount: width, epsilon: configuration.epsilon, in: scope[name])
    }
    self.configuration = configuration
    arena = scope.arena
    patchProjection = Convolution(
      inputCount: 3, outputCount: width, kernelSize: configuration.patchSize,
      stride: configuration.patchSize, padding: .valid, hasBias: architecture.hasPatchBias,
      initializer: frozenInitializer, in: scope["patch_embed"]["proj"])
    classToken =
      architecture.hasClassToken
      ? scope.parameter("cls_token", [1, 1, width], frozenInitializer) : nil
    registers =
      configuration.registerCount > 0
      ? scope.parameter("reg_token", [1, configuration.registerCount, width], frozenInitializer)
      : nil
    positions = configuration.positionGridSize.map { size in
      scope.parameter(
        "pos_embed", [1, (configuration.hasClassPosition ? 1 : 0) + size * size, width],
        frozenInitializer)
    }
    inputNorm = architecture.hasInputNorm ? norm("norm_pre") : nil
    blocks = (0..<configuration.blockCount).map { index in
      TransformerBlock(
        configuration.block, initializer: frozenInitializer, in: scope["blocks"][index])
    }
    self.norm = norm("norm")
  }

  /// All tokens after the final norm.
  ///
  /// - Parameter input: Normalised images, `[batch, height, width, 3]`.
  /// - Returns: `[batch, prefixCount + rows * columns, width]`.
  public func callAsFunction(_ input: Variable) -> Variable {
    var (x, rotary) = embedded(input)
    for index in blocks.indices { x = run(index, x, rotary) }
    return norm(x)
  }

  /// What the blocks pass on, not normalised: each patch with the class token added.
  ///
  /// Later blocks than those asked for do not run. Source: Sauer et al. 2023 (StyleGAN-T), section 3.2.
  ///
  /// - Parameters:
  ///   - input: Normalised images, `[batch, height, width, 3]`.
  ///   - indices: Blocks whose results are wanted, in ascending order.
  /// - Returns: `[batch, rows * columns, width]` before the first block, and after each of `indices`.
  /// - Precondition: There are such blocks, and a class token.
  public func activations(of input: Variable, afterBlocks indices: [Int]) -> [Variable] {
    precondition(
      classToken != nil && zip(indices, indices.dropFirst()).allSatisfy { $0 < $1 }
        && indices.allSatisfy(blocks.indices.contains),
      "VisionTransformer: activations after blocks \(indices) of \(blocks.count)")
    var (x, rotary) = embedded(input)
    var activations = [patchesWithClass(x)]
    for index in 0...(indices.last ?? -1) where indices.last != nil {
      x = run(index, x, rotary)
      if indices.contains(index) { activations.append(patchesWithClass(x)) }
    }
    return activations
  }

  private func run(_ index: Int, _ x: Variable, _ rotary: RotaryTable?) -> Variable {
    blocks[index](x, rotary: rotary).observed(as: "tokens.\(index + 1)")
  }

  /// The sequence that enters the first block, and the angles of its tokens.
  private func embedded(_ input: Variable) -> (tokens: Variable, rotary: RotaryTable?) {
    let (tape, width) = (input.tape, configuration.width)
    let projected = patchProjection(input)
    let (batchCount, rows, columns) = (
      projected.shape[0], projected.shape[1], projected.shape[2]
    )
    var patches = reshape(projected, to: [batchCount, rows * columns, width])
    var prefix = [classToken, registers].compactMap { $0 }.map { tape[$0] }
    if let positions {
      let learned = learnedPositions(tape[positions], rows: rows, columns: columns)
      patches = add(patches, repeatBatch(learned.patches, batchCount: batchCount))
      if let position = learned.classToken { prefix[0] = add(prefix[0], position) }
    }
    let repeated = prefix.map { token in
      repeatBatch(reshape(token, to: Array(token.shape.dropFirst())), batchCount: batchCount)
    }
    let tokens = concatenateTokens(repeated + [patches])
    let rotary =
      positions == nil
      ? RotaryPositions.centeredTable(
        rows: rows, columns: columns, leadingCount: configuration.prefixCount,
        headSize: width / configuration.headCount) : nil
    return ((inputNorm.map { $0(tokens) } ?? tokens).observed(as: "tokens.0"), rotary)
  }

  /// Positions of a grid of patches, `[rows * columns, width]`, and of the class token, `[1, 1, width]`.
  private func learnedPositions(_ positions: Variable, rows: Int, columns: Int) -> (
    classToken: Variable?, patches: Variable
  ) {
    let (width, end) = (configuration.width, positions.shape[1])
    let first = configuration.hasClassPosition ? 1 : 0
    let size = configuration.positionGridSize ?? 0
    let grid = reshape(sliceTokens(positions, first..<end), to: [1, size, size, width])
    let resized = resize(grid, height: rows, width: columns, interpolation: .antialiasedCubic)
    return (
      first == 1 ? sliceTokens(positions, 0..<1) : nil,
      reshape(resized, to: [rows * columns, width])
    )
  }

  private func patchesWithClass(_ tokens: Variable) -> Variable {
    let (batchCount, width) = (tokens.shape[0], configuration.width)
    let patches = sliceTokens(tokens, configuration.prefixCount..<tokens.shape[1])
    let classToken = reshape(sliceTokens(tokens, 0..<1), to: [batchCount, 1, 1, width])
    // The token everywhere: a map of one pixel at the size of the sequence.
    let repeated = resize(
      classToken, height: patches.shape[1], width: 1, interpolation: .area)
    return add(patches, reshape(repeated, to: patches.shape))
  }
}

extension VisionTransformer.Configuration {
  /// What a block consists of.
  fileprivate var block: TransformerBlock.Configuration {
    TransformerBlock.Configuration(
      width: width, headCount: headCount,
      attentionBias: architecture.hasPackedBias
        ? .all : hasQueryValueBiases ? .queriesAndValues : .none,
      epsilon: epsilon, layerScaleNames: architecture.layerScaleNames,
      activation: usesTanhGELU ? .tanhGELU : .exactGELU)
  }
}
