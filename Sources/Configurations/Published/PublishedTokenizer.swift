import ResidualTokenizer

/// The section `model.vq_model` of the published program's configurations, and the size of its images.
///
/// Source: Docs/PublishedWeights.md, section 2.
struct PublishedTokenizer {
  /// The published program's names of a transformer's sizes.
  enum Size: String, CaseIterable {
    case small
    case base
    case large

    var sizes: ResTok.Configuration.Transformer {
      switch self {
      case .small: .init(width: 512, layerCount: 6, headCount: 8)
      case .base: .init(width: 768, layerCount: 12, headCount: 12)
      case .large: .init(width: 1024, layerCount: 24, headCount: 16)
      }
    }
  }

  /// The vision foundation models that a tokenizer may be aligned with.
  enum FoundationModel: String, CaseIterable {
    case dinov3
    case dinov2
    case dinov2Base = "dinov2_b"
    case mae
    case clip
    case siglip2

    /// The same as this program names it, and the width of its features.
    var network: (architecture: TokenizerRunConfiguration.Alignment.Architecture, width: Int) {
      switch self {
      case .dinov3: (.dinov3, 1024)
      case .dinov2: (.dinov2, 1024)
      case .dinov2Base: (.dinov2, 768)
      case .mae: (.mae, 1024)
      case .clip: (.clip, 1024)
      case .siglip2: (.siglip2, 1024)
      }
    }
  }

  var codebookSize: Int
  var codeWidth: Int
  var commitment: Float
  var entropyWeight: Float
  var encoder: Size
  var decoder: Size
  var ropeBase: Double
  var latentCount: Int
  var leastLatentCount: Int
  var mergesTokens: Bool
  var stageCount: Int
  var hasResidualImageTokens: Bool
  var hasResidualLatentTokens: Bool
  var hasPerLevelProjection: Bool
  var dropsLatentTokens: Bool
  var dropProbability: Double
  var foundationModel: FoundationModel?
  var supervisesEncoder: Bool
  var supervisesDecoder: Bool
  var learnsFeatureTokens: Bool

  /// Keys that change neither the function of the weights nor their names.
  static let passedOver: Set<String> = [
    "test_num_latent_tokens", "pretrained_vf_weight", "pretrained_vf_layers",
  ]

  /// The convolutions that every published tokenizer has.
  static let cnn = ResTok.Configuration.CNN(
    width: 128, multipliers: [1, 1, 2, 2, 4], blockCount: 2, groupCount: 32, featureCount: 256)

  /// The temperature of the published program's entropy loss.
  static let entropyTemperature: Float = 0.01

  static let blank = Self(
    codebookSize: 2, codeWidth: 1, commitment: 0, entropyWeight: 0, encoder: .small,
    decoder: .small, ropeBase: 1, latentCount: 2, leastLatentCount: 1, mergesTokens: false,
    stageCount: 1, hasResidualImageTokens: true, hasResidualLatentTokens: true,
    hasPerLevelProjection: true, dropsLatentTokens: false, dropProbability: 0,
    foundationModel: nil, supervisesEncoder: true, supervisesDecoder: false,
    learnsFeatureTokens: true)

  /// The keys that are read, with the published program's defaults.
  static var codec: Codec<Self> { .section(blank, quantizer + sizes + tokens + training) }

  private static var quantizer: [Field<Self>] {
    [
      Field("codebook_size", \.codebookSize, .integer(in: 2...65_536)),
      Field("token_size", \.codeWidth, .size),
      Field(
        published: "use_l2_norm", only: "true", default: nil,
        because: "codes of this program have unit length"),
      Field("commitment_cost", \.commitment, .number(.notNegative)),
      Field("entropy_loss_ratio", \.entropyWeight, .number(.notNegative)),
      Field(
        published: "quantize_mode", only: "vq", default: "vq",
        because: "there is no other quantizer here"),
    ]
  }

  private static var sizes: [Field<Self>] {
    [
      Field("vit_enc_model_size", \.encoder, .choice()),
      Field("vit_dec_model_size", \.decoder, .choice()),
      Field(
        published: "vit_enc_patch_size", only: "16", default: nil,
        because: "the convolutions halve an image four times"),
      Field(
        published: "vit_dec_patch_size", only: "16", default: nil,
        because: "the convolutions double an image four times"),
      Field("rope_base_len", \.ropeBase, .number(.positive), default: 10_000),
      Field(
        published: "vae_encoder", only: "true", default: nil,
        because: "tokenizers without the convolutional encoder are not read"),
    ]
  }

  private static var tokens: [Field<Self>] {
    [
      Field("num_latent_tokens", \.latentCount, .integer(in: 2...256)),
      Field("num_min_tokens", \.leastLatentCount, .size),
      Field("merge_tokens", \.mergesTokens, .boolean, default: false),
      Field("hierarchy_stages", \.stageCount, .integer(in: 0...16), default: 4),
      Field(
        published: "reduction_ratio", only: "0.5", default: "0.5",
        because: "two tokens become one here"),
      Field("residual_image_tokens", \.hasResidualImageTokens, .boolean, default: true),
      Field("residual_latent_tokens", \.hasResidualLatentTokens, .boolean, default: true),
      Field(
        published: "learnable_latent_tokens", only: "false", default: "false",
        because: "latents begin with the image's features here"),
      Field(
        published: "learnable_dec_image_tokens", only: "true", default: "true",
        because: "the decoder's queries are learned here"),
      Field("multi_quant", \.hasPerLevelProjection, .boolean, default: true),
      Field(
        published: "latent_hierarchy", only: "true", default: "true",
        because: "latents have levels here"),
      Field(
        published: "is_legacy", only: "true", default: "true",
        because: "the published program has another decoder then, which is not read"),
    ]
  }

  private static var training: [Field<Self>] {
    [
      Field("drop_latent_tokens", \.dropsLatentTokens, .boolean, default: false),
      Field("drop_prob", \.dropProbability, .number(.belowOne), default: 0.2),
      Field(
        "use_vf", \.foundationModel, .optional(.choice(), none: "null"), default: .some(nil)),
      Field("encoder_feature_supervision", \.supervisesEncoder, .boolean, default: true),
      Field("decoder_feature_supervision", \.supervisesDecoder, .boolean, default: false),
      Field("learnable_dec_feat_tokens", \.learnsFeatureTokens, .boolean, default: true),
      Field(
        published: "reverse_proj", only: "true", default: "true",
        because: "the tokenizer's features are projected here, not the foundation model's"),
    ]
  }
}

extension PublishedTokenizer {
  /// The losses of the published training, without files.
  ///
  /// A tokenizer that is aligned in one place only has no alignment here: its projections are no part of
  /// what it computes.
  var losses: TokenizerRunConfiguration.Losses {
    let isAligned = supervisesEncoder && supervisesDecoder && learnsFeatureTokens
    let network = isAligned ? foundationModel?.network : nil
    var losses = TokenizerRunConfiguration.Losses.published(alignmentWidth: network?.width ?? 0)
    guard let network else {
      losses.alignment = nil
      return losses
    }
    losses.alignment?.network = network.architecture
    return losses
  }

  /// The model, for images of a size.
  func configuration(imageSize: Int) -> ResTok.Configuration {
    let scaleCount = mergesTokens ? max(1, stageCount) : 1
    return ResTok.Configuration(
      imageSize: imageSize, cnn: Self.cnn, encoder: encoder.sizes, decoder: decoder.sizes,
      scales: .init(count: scaleCount, merge: .nearest, isResidual: hasResidualImageTokens),
      latents: .init(
        count: latentCount, isResidual: hasResidualLatentTokens,
        hasPerLevelProjection: hasPerLevelProjection, layout: .legacy),
      codebook: .init(
        size: codebookSize, width: codeWidth, commitment: commitment,
        entropy: .init(weight: entropyWeight, temperature: Self.entropyTemperature)),
      nestedDropout: .init(
        least: leastLatentCount, probability: dropsLatentTokens ? dropProbability : 0),
      ropeBase: ropeBase, alignmentWidth: losses.alignment?.width ?? 0)
  }

  /// The published form of a model.
  ///
  /// `problems`: gets a text for everything that the published program cannot express.
  init(_ configuration: TokenizerRunConfiguration, problems: inout [String]) {
    let model = configuration.model
    func size(_ sizes: ResTok.Configuration.Transformer, _ path: String) -> Size {
      if let size = Size.allCases.first(where: { $0.sizes == sizes }) { return size }
      problems.append("\(path): its sizes are none of small, base and large")
      return .small
    }
    self = .blank
    if model.cnn != Self.cnn { problems.append("model.cnn: its sizes are not the published ones") }
    (encoder, decoder) = (
      size(model.encoder, "model.encoder"), size(model.decoder, "model.decoder")
    )
    if model.scales.count > 1, model.scales.merge != .nearest {
      problems.append("model.scales.merge: the published program merges by nearest")
    }
    if model.latents.layout != .legacy {
      problems.append("model.latents.layout: the published program has the legacy layout")
    }
    (mergesTokens, stageCount) = (model.scales.count > 1, model.scales.count)
    (hasResidualImageTokens, hasResidualLatentTokens) = (
      model.scales.isResidual, model.latents.isResidual
    )
    (latentCount, leastLatentCount) = (model.latents.count, model.nestedDropout.least)
    hasPerLevelProjection = model.latents.hasPerLevelProjection
    (codebookSize, codeWidth) = (model.codebook.size, model.codebook.width)
    (commitment, entropyWeight) = (model.codebook.commitment, model.codebook.entropy.weight)
    (dropProbability, ropeBase) = (model.nestedDropout.probability, model.ropeBase)
    dropsLatentTokens = dropProbability > 0
    supervisesEncoder = false
    guard let alignment = configuration.losses.alignment else { return }
    foundationModel = FoundationModel.allCases.first {
      $0.network == (alignment.network, alignment.width)
    }
    (supervisesEncoder, supervisesDecoder) = (true, true)
    if foundationModel == nil {
      problems.append(
        "losses.alignment: no \(alignment.network) of the published program is \(alignment.width) wide; "
          + "leave the alignment out")
    }
  }
}
