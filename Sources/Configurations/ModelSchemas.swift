import HierarchicalGenerator
import ResidualTokenizer

extension ResTok.Configuration {
  /// A value to fill in while a configuration is read.
  static let blank = Self(
    imageSize: 1,
    cnn: CNN(width: 1, multipliers: [1], blockCount: 1, groupCount: 1, featureCount: 1),
    encoder: Transformer(width: 1, layerCount: 1, headCount: 1),
    decoder: Transformer(width: 1, layerCount: 1, headCount: 1),
    scales: Scales(count: 1, merge: .average, isResidual: true),
    latents: Latents(count: 1, isResidual: true, hasPerLevelProjection: true, layout: .token),
    codebook: Codebook(
      size: 2, width: 1, commitment: 0, entropy: .init(weight: 0, temperature: 1)),
    nestedDropout: NestedDropout(least: 1, probability: 0), ropeBase: 1)

  /// The `model` section of a tokenizer's configuration.
  static var codec: Codec<Self> {
    let transformer: Codec<Transformer> = .section(
      Transformer(width: 1, layerCount: 1, headCount: 1),
      [
        Field("width", \.width, .size), Field("layers", \.layerCount, .layerCount),
        Field("heads", \.headCount, .size),
      ])
    return .section(
      blank,
      [
        Field("image_size", \.imageSize, .integer(in: 1...16_384)),
        Field("cnn", \.cnn, cnnCodec),
        Field("encoder", \.encoder, transformer),
        Field("decoder", \.decoder, transformer),
        Field(
          "scales", \.scales,
          .section(
            blank.scales,
            [
              Field("count", \.count, .integer(in: 1...16)),
              Field("merge", \.merge, .choice()),
              Field("residual", \.isResidual, .boolean),
            ])),
        Field(
          "latents", \.latents,
          .section(
            blank.latents,
            [
              Field("count", \.count, .integer(in: 2...256)),
              Field("residual", \.isResidual, .boolean),
              Field("per_level_projection", \.hasPerLevelProjection, .boolean),
              Field("layout", \.layout, .choice()),
            ])),
        Field("codebook", \.codebook, codebookCodec),
        Field(
          "nested_dropout", \.nestedDropout,
          .section(
            blank.nestedDropout,
            [
              Field("least", \.least, .size),
              Field("probability", \.probability, .number(.belowOne)),
            ])),
        Field("rope_base", \.ropeBase, .number(.positive)),
      ])
  }

  private static var cnnCodec: Codec<CNN> {
    .section(
      blank.cnn,
      [
        Field("width", \.width, .size),
        Field("multipliers", \.multipliers, .list(.integer(in: 1...1024))),
        Field("blocks", \.blockCount, .layerCount),
        Field("groups", \.groupCount, .size),
        Field("features", \.featureCount, .size),
      ])
  }

  private static var codebookCodec: Codec<Codebook> {
    .section(
      blank.codebook,
      [
        // Files of codes hold 16 bits a code.
        Field("size", \.size, .integer(in: 2...65_536)),
        Field("width", \.width, .size),
        Field("commitment", \.commitment, .number(.notNegative)),
        Field(
          "entropy", \.entropy,
          .section(
            blank.codebook.entropy,
            [
              Field("weight", \.weight, .number(.notNegative)),
              Field("temperature", \.temperature, .number(.positive)),
            ])),
        Field("revive", \.revives, .boolean),
        // The counts are float32, which has whole numbers up to 2^24.
        Field(
          "revive_after", \.revivalStepCount, .integer(in: 1...1_000_000),
          default: Codebook.standardRevivalStepCount),
      ])
  }
}

extension Generator.Configuration {
  /// A value to fill in while a configuration is read.
  static let blank = Self(
    tokenCount: 1, vocabularySize: 2, classCount: 1, width: 1, layerCount: 1, headCount: 1,
    hiddenMultiple: 1, order: .hierarchical, singleTokenCount: 1, dropout: 0, tokenDropout: 0,
    classDropout: 0, ropeBase: 1)

  /// The `model` section of a generator's configuration.
  static var codec: Codec<Self> {
    .section(
      blank,
      [
        Field("tokens", \.tokenCount, .integer(in: 1...65_536)),
        Field("vocabulary", \.vocabularySize, .integer(in: 2...65_536)),
        Field("classes", \.classCount, .size),
        Field("width", \.width, .size),
        Field("layers", \.layerCount, .layerCount),
        Field("heads", \.headCount, .size),
        Field("hidden_multiple", \.hiddenMultiple, .size),
        Field("order", \.order, .choice()),
        Field("single_tokens", \.singleTokenCount, .size),
        Field("dropout", \.dropout, .number(.belowOne)),
        Field("token_dropout", \.tokenDropout, .number(.belowOne)),
        Field("class_dropout", \.classDropout, .number(.belowOne)),
        Field("rope_base", \.ropeBase, .number(.positive)),
      ])
  }
}
