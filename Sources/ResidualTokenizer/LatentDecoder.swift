import Autodiff
import Layers

/// The transformer decoder: quantized latents to image features.
///
/// Source: Docs/Method.md, section 5.
struct LatentDecoder {
  /// What the decoder returns.
  struct Output {
    /// Features for the pixel decoder, `[batch, grid, grid, featureCount]`.
    let features: Variable
    /// Features of the second pass for alignment, `[batch, grid * grid, width]`; nil without it.
    let alignedFeatures: Variable?
  }

  private let configuration: ResTok.Configuration
  private let latentMaskToken: Parameter
  private let maskToken: Parameter
  private let alignmentMaskToken: Parameter?
  private let normPre: LayerNorm
  private let blocks: [TransformerBlock]
  private let normPost: LayerNorm
  private let projection: Linear
  private let levelEmbedding: LevelEmbedding
  private let embedding: LevelProjection
  private let rotary: RotaryTable

  init(_ configuration: ResTok.Configuration, in scope: ParameterScope) {
    self.configuration = configuration
    let (sizes, codeWidth) = (configuration.decoder, configuration.codebook.width)
    let levels = LevelStructure(count: configuration.latents.count)
    let tokenInitializer = Initializer.learnedToken(width: sizes.width)
    latentMaskToken = scope.parameter("latent_mask_token", [1, 1, codeWidth], tokenInitializer)
    maskToken = scope.parameter("mask_token", [1, 1, sizes.width], tokenInitializer)
    alignmentMaskToken =
      configuration.alignmentWidth == 0
      ? nil : scope.parameter("feat_mask_token", [1, 1, sizes.width], tokenInitializer)
    normPre = LayerNorm(channelCount: sizes.width, in: scope["ln_pre"])
    blocks = (0..<sizes.layerCount).map { index in
      TransformerBlock(
        width: sizes.width, headCount: sizes.headCount, in: scope["blocks"][index])
    }
    normPost = LayerNorm(channelCount: sizes.width, in: scope["ln_post"])
    projection = Linear(
      inputSize: sizes.width, outputSize: configuration.cnn.featureCount,
      initializer: tokenizerInitializer, isPublishedAsConvolution: true, in: scope["ffn"])
    levelEmbedding = LevelEmbedding(
      levels: levels, width: sizes.width, in: scope["latent_token_level_embedding"])
    embedding = LevelProjection(
      levels: levels, inputSize: codeWidth, outputSize: sizes.width,
      isPerLevel: configuration.latents.hasPerLevelProjection, isPublishedAsConvolution: false,
      in: scope["decoder_embed"])
    let grid = configuration.gridSize
    rotary = RotaryPositions.table(
      RotaryPositions.diagonal(count: levels.count, offset: 0)
        + RotaryPositions.grid(rows: grid, columns: grid, offset: levels.count),
      headSize: sizes.width / sizes.headCount, base: configuration.ropeBase)
  }

  /// Decodes quantized latents, `[batch, latents, codeWidth]`.
  ///
  /// - Parameters:
  ///   - quantized: The latents.
  ///   - keepCounts: The prefix length that each sample keeps; all when nil.
  ///   - isAligned: Whether there is a second pass, in a model that has one.
  /// - Returns: The features.
  func callAsFunction(_ quantized: Variable, keepCounts: [Int]?, isAligned: Bool) -> Output {
    let tape = quantized.tape
    let batchCount = quantized.shape[0]
    let kept =
      keepCounts.map { replaceTail(quantized, keepCounts: $0, token: tape[latentMaskToken]) }
      ?? quantized
    let latents = levelEmbedding(embedding(kept))
    var x = sequence(latents, queries: maskToken)
    let alignmentMaskToken = isAligned ? alignmentMaskToken : nil
    if let alignmentMaskToken {
      x = concatenateSamples(x, sequence(latents, queries: alignmentMaskToken))
    }
    x = normPre(x)
    for (index, block) in blocks.enumerated() {
      x = block(x, rotary: rotary, mask: nil).observed(as: "decoder.blocks.\(index)")
    }
    let cells = sliceTokens(x, latentCount..<latentCount + cellCount)
    guard alignmentMaskToken != nil else {
      return Output(features: features(cells), alignedFeatures: nil)
    }
    let (first, second) = splitSamples(cells, at: batchCount)
    return Output(features: features(first), alignedFeatures: second)
  }

  private var latentCount: Int { configuration.latents.count }

  private var cellCount: Int { configuration.gridSize * configuration.gridSize }

  /// Latents, then one query token a cell.
  private func sequence(_ latents: Variable, queries: Parameter) -> Variable {
    concatenateTokens([
      latents,
      repeatToken(
        latents.tape[queries], batchCount: latents.shape[0], tokenCount: cellCount),
    ])
  }

  private func features(_ cells: Variable) -> Variable {
    let grid = configuration.gridSize
    return reshape(
      projection(normPost(cells, isOperand: true)),
      to: [cells.shape[0], grid, grid, configuration.cnn.featureCount]
    ).observed(as: "decoder.ffn")
  }

  /// Two batches as one: rows are contiguous, so samples are tokens of a single long sequence.
  private func concatenateSamples(_ a: Variable, _ b: Variable) -> Variable {
    let (count, width) = (a.shape[1], a.shape[2])
    let joined = concatenateTokens([
      reshape(a, to: [1, a.shape[0] * count, width]),
      reshape(b, to: [1, b.shape[0] * count, width]),
    ])
    return reshape(joined, to: [a.shape[0] + b.shape[0], count, width])
  }

  private func splitSamples(_ x: Variable, at sample: Int) -> (Variable, Variable) {
    let (batchCount, count, width) = (x.shape[0], x.shape[1], x.shape[2])
    let flat = reshape(x, to: [1, batchCount * count, width])
    return (
      reshape(sliceTokens(flat, 0..<sample * count), to: [sample, count, width]),
      reshape(
        sliceTokens(flat, sample * count..<batchCount * count),
        to: [batchCount - sample, count, width])
    )
  }
}
