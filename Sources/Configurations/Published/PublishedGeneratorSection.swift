/// The section `model.generator` of the published program's training and inference files.
///
/// Source: Docs/PublishedWeights.md, section 3.
struct PublishedGeneratorSection {
  /// The published program's names of a generator's sizes.
  enum Size: String, CaseIterable {
    case base = "GPT-B"
    case large = "GPT-L"
    case xl = "GPT-XL"
    case xxl = "GPT-XXL"
    case xxxl = "GPT-XXXL"
    case oneBillion = "GPT-1B"
    case threeBillion = "GPT-3B"
    case sevenBillion = "GPT-7B"

    var sizes: (layerCount: Int, headCount: Int, width: Int) {
      switch self {
      case .base: (12, 12, 768)
      case .large: (24, 16, 1024)
      case .xl: (36, 20, 1280)
      case .xxl: (48, 24, 1536)
      case .xxxl: (48, 40, 2560)
      case .oneBillion: (22, 32, 2048)
      case .threeBillion: (24, 32, 3200)
      case .sevenBillion: (32, 32, 4096)
      }
    }
  }

  var size: Size
  var vocabularySize: Int
  var tokenCount: Int
  var classCount: Int
  var dropout: Float
  var tokenDropout: Float
  var pathDropout: Float
  var isHierarchical: Bool
  var singleTokenCount: Int
  var specialCount: Int

  /// Keys that change neither the function of the weights nor their names.
  static let passedOver: Set<String> = [
    "rope", "randomize_temperature", "guidance_scale", "guidance_decay", "guidance_scale_pow",
    "num_steps", "softmax_temperature_annealing", "class_label_dropout",
  ]

  static let blank = Self(
    size: .base, vocabularySize: 2, tokenCount: 1, classCount: 1, dropout: 0, tokenDropout: 0,
    pathDropout: 0, isHierarchical: false, singleTokenCount: 4, specialCount: 127)

  /// The keys that are read, with the published program's defaults.
  static var codec: Codec<Self> {
    .section(
      blank,
      [
        Field("model_type", \.size, .choice()),
        Field("vocab_size", \.vocabularySize, .integer(in: 2...65_536)),
        Field("block_size", \.tokenCount, .integer(in: 1...65_536)),
        Field("num_classes", \.classCount, .size),
        Field(
          published: "cls_token_num", only: "1", default: nil,
          because: "a class is one token here"),
        Field(
          published: "gpt_type", only: "c2i", default: nil,
          because: "classes are the only condition here"),
        Field("dropout_p", \.dropout, .number(.belowOne)),
        Field("token_dropout_p", \.tokenDropout, .number(.belowOne)),
        Field("drop_path_rate", \.pathDropout, .number(.belowOne)),
        Field("har", \.isHierarchical, .boolean, default: false),
        Field("ar_token_num", \.singleTokenCount, .size, default: 4),
        Field("spe_token_num", \.specialCount, .size, default: 127),
      ])
  }

  /// The generator that the published program makes of the section.
  var generator: PublishedGenerator {
    let sizes = size.sizes
    return PublishedGenerator(
      width: sizes.width, layerCount: sizes.layerCount, headCount: sizes.headCount,
      keyHeadCount: nil, hiddenMultiple: 256, ropeBase: 10_000, tokenDropout: tokenDropout,
      dropout: pathDropout > 0 ? 0 : dropout, classCount: classCount, classDropout: 0.1,
      vocabularySize: vocabularySize, tokenCount: tokenCount,
      singleTokenCount: isHierarchical ? singleTokenCount : nil,
      specialCount: isHierarchical ? specialCount : nil)
  }
}
