public import HierarchicalGenerator
public import ResidualTokenizer

/// A tokenizer's configuration as the PyTorch program writes it.
public struct TokenizerFields: Decodable {
  let imageSize: Int
  let channels: Int
  let channelMult: [Int]
  let resBlocks: Int
  let zChannels: Int
  let normGroups: Int
  let encWidth: Int
  let encLayers: Int
  let encHeads: Int
  let decWidth: Int
  let decLayers: Int
  let decHeads: Int
  let latents: Int
  let minLatents: Int
  let stages: Int
  let merge: ResTok.Configuration.Scales.Merge
  let residualImage: Bool
  let residualLatent: Bool
  let multiQuant: Bool
  let latentLayout: ResTok.Configuration.Latents.Layout
  let codebook: Int
  let codeDim: Int
  let commitment: Float
  let entropyWeight: Float
  let entropyTemperature: Float
  let ropeBase: Double
  let dropProb: Double
  let alignDim: Int

  /// The same configuration here.
  public var configuration: ResTok.Configuration {
    ResTok.Configuration(
      imageSize: imageSize,
      cnn: .init(
        width: channels, multipliers: channelMult, blockCount: resBlocks, groupCount: normGroups,
        featureCount: zChannels),
      encoder: .init(width: encWidth, layerCount: encLayers, headCount: encHeads),
      decoder: .init(width: decWidth, layerCount: decLayers, headCount: decHeads),
      scales: .init(count: stages, merge: merge, isResidual: residualImage),
      latents: .init(
        count: latents, isResidual: residualLatent, hasPerLevelProjection: multiQuant,
        layout: latentLayout),
      codebook: .init(
        size: codebook, width: codeDim, commitment: commitment,
        entropy: .init(weight: entropyWeight, temperature: entropyTemperature)),
      nestedDropout: .init(least: minLatents, probability: dropProb), ropeBase: ropeBase,
      alignmentWidth: alignDim)
  }
}

extension ResTok.Configuration.Scales.Merge: Decodable {}

extension ResTok.Configuration.Latents.Layout: Decodable {}

/// A generator's configuration as the PyTorch program writes it.
public struct GeneratorFields: Decodable {
  let dim: Int
  let layers: Int
  let heads: Int
  let vocab: Int
  let tokens: Int
  let arTokens: Int
  let classes: Int
  let ropeBase: Double
  let classDropout: Float
  let tokenDropout: Float
  let dropout: Float
  let har: Bool
  let multipleOf: Int

  /// The same configuration here.
  public var configuration: Generator.Configuration {
    Generator.Configuration(
      tokenCount: tokens, vocabularySize: vocab, classCount: classes, width: dim,
      layerCount: layers, headCount: heads, hiddenMultiple: multipleOf,
      order: har ? .hierarchical : .sequential, singleTokenCount: arTokens, dropout: dropout,
      tokenDropout: tokenDropout, classDropout: classDropout, ropeBase: ropeBase)
  }
}
