import Autodiff
import Layers

/// The transformer encoder: image features to latent tokens, the heart of the method.
///
/// Source: Docs/Method.md, section 3.
struct LatentEncoder {
  /// What the encoder returns.
  struct Output {
    /// Latents before the quantizer, `[batch, latents, codeWidth]`.
    let latents: Variable
    /// The coarsest image scale, `[batch, tokens, width]`: for alignment.
    let coarsestScale: Variable
  }

  /// What blocks between two merges share: it depends on the configuration only.
  private struct Stage {
    /// Image scales, coarsest first.
    let grids: [LevelStructure.Grid]
    let rotary: RotaryTable
    let mask: BlockCausalMask

    var sizes: [Int] { grids.map { $0.rows * $0.columns } }
  }

  private let configuration: ResTok.Configuration
  private let levels: LevelStructure
  private let patchEmbedding: Linear
  private let scaleEmbeddings: [Parameter]
  private let latentEmbedding: LevelEmbedding
  private let normPre: LayerNorm
  private let blocks: [TransformerBlock]
  private let normPost: LayerNorm
  private let projection: LevelProjection
  /// The stages in order; each merging block ends one.
  private let stages: [Stage]

  init(_ configuration: ResTok.Configuration, in scope: ParameterScope) {
    self.configuration = configuration
    let sizes = configuration.encoder
    levels = LevelStructure(count: configuration.latents.count)
    patchEmbedding = Linear(
      inputSize: configuration.cnn.featureCount, outputSize: sizes.width,
      initializer: tokenizerInitializer, isPublishedAsConvolution: true, in: scope["patch_embed"])
    scaleEmbeddings = (0..<configuration.scales.count).map { index in
      scope["level_embedding"][index].parameter(
        "", [1, sizes.width], .learnedToken(width: sizes.width))
    }
    latentEmbedding = LevelEmbedding(
      levels: levels, width: sizes.width, in: scope["latent_token_level_embedding"])
    normPre = LayerNorm(channelCount: sizes.width, in: scope["ln_pre"])
    blocks = (0..<sizes.layerCount).map { index in
      TransformerBlock(
        width: sizes.width, headCount: sizes.headCount, in: scope["blocks"][index])
    }
    normPost = LayerNorm(channelCount: sizes.width, in: scope["ln_post"])
    projection = LevelProjection(
      levels: levels, inputSize: sizes.width, outputSize: configuration.codebook.width,
      isPerLevel: configuration.latents.hasPerLevelProjection, isPublishedAsConvolution: true,
      in: scope["conv_out"])
    stages = Self.stages(configuration, levels)
  }

  /// Features `[batch, grid, grid, featureCount]` → latents and the coarsest scale.
  func callAsFunction(_ features: Variable) -> Output {
    var x = initialTokens(features, stages[0].grids[0])
    var depth = 0
    for (index, block) in blocks.enumerated() {
      let stage = stages[depth]
      let name = "encoder.blocks.\(index)"
      guard configuration.mergingBlocks.contains(index) else {
        x = block(x, rotary: stage.rotary, mask: stage.mask).observed(as: name)
        continue
      }
      let leadingCount = stage.sizes[0]
      x = block(x, rotary: stage.rotary, mask: stage.mask) {
        merge($0, leadingCount: leadingCount)
      }.observed(as: name)
      depth += 1
      let embedding = x.tape[scaleEmbeddings[depth]]
      x = addTokenEmbeddings(x, rows: [(embedding: embedding, tokenCount: leadingCount / 2)])
    }
    return output(x, stages[depth])
  }

  /// Image tokens, then latents pooled from them, level by level (steps 1 to 3).
  private func initialTokens(_ features: Variable, _ grid: LevelStructure.Grid) -> Variable {
    let tape = features.tape
    let embedded = patchEmbedding(features).observed(as: "encoder.patch_embed")
    let latents = latentEmbedding(
      latentPyramid(
        embedded, grids: levels.grids.map { (rows: $0.rows, columns: $0.columns) },
        isResidual: configuration.latents.isResidual))
    let (batchCount, tokenCount) = (features.shape[0], grid.rows * grid.columns)
    let image = addTokenEmbeddings(
      reshape(embedded, to: [batchCount, tokenCount, configuration.encoder.width]),
      rows: [(embedding: tape[scaleEmbeddings[0]], tokenCount: tokenCount)])
    return normPre(concatenateTokens([image, latents])).observed(as: "encoder.ln_pre")
  }

  private func merge(_ x: Variable, leadingCount: Int) -> Variable {
    mergeTokens(
      x, leadingCount: leadingCount, isAverage: configuration.scales.merge == .average,
      isResidual: configuration.scales.isResidual)
  }

  /// The full grid first; every merge puts one of half as many columns before the others.
  private static func stages(
    _ configuration: ResTok.Configuration, _ levels: LevelStructure
  ) -> [Stage] {
    let size = configuration.gridSize
    return (0..<configuration.scales.count).map { depth in
      let grids = (0...depth).reversed().map { halvings in
        LevelStructure.Grid(rows: size, columns: size >> halvings)
      }
      let sizes = grids.map { $0.rows * $0.columns }
      return Stage(
        grids: grids, rotary: rotary(grids, levels, configuration),
        mask: BlockCausalMask(groupSizes: sizes + levels.sizes))
    }
  }

  /// Positions of the scales in sequence order and of the latents after them.
  private static func rotary(
    _ grids: [LevelStructure.Grid], _ levels: LevelStructure,
    _ configuration: ResTok.Configuration
  ) -> RotaryTable {
    var positions: [(row: Int, column: Int)] = []
    for grid in grids {
      positions += RotaryPositions.grid(
        rows: grid.rows, columns: grid.columns, offset: positions.count)
    }
    positions += RotaryPositions.diagonal(count: levels.count, offset: positions.count)
    return RotaryPositions.table(
      positions, headSize: configuration.encoder.width / configuration.encoder.headCount,
      base: configuration.ropeBase)
  }

  private func output(_ x: Variable, _ stage: Stage) -> Output {
    let imageCount = stage.sizes.reduce(0, +)
    let latents = normPost(sliceTokens(x, imageCount..<imageCount + levels.count))
      .observed(as: "encoder.ln_post")
    return Output(
      latents: projection(arranged(latents)), coarsestScale: sliceTokens(x, 0..<stage.sizes[0]))
  }

  /// The published encoder reinterprets the (L, C) matrix as (C, L) without moving data (step 6).
  private func arranged(_ latents: Variable) -> Variable {
    guard configuration.latents.layout == .legacy else { return latents }
    let (batchCount, count, width) = (latents.shape[0], latents.shape[1], latents.shape[2])
    return transposeTokens(reshape(latents, to: [batchCount, width, count]))
  }
}

extension ResTok.Configuration {
  /// The encoder blocks that merge: int(i/S·layers) − 1 for i = 1 … S−1 (Docs/Method.md, section 3,
  /// step 5).
  public var mergingBlocks: [Int] {
    (1..<max(1, scales.count)).map { index in
      Int(Double(index) / Double(scales.count) * Double(encoder.layerCount)) - 1
    }
  }
}
