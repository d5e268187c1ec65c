import HierarchicalGenerator

/// The configuration that a published generator's weights stand beside: the fields of its `ModelArgs`.
///
/// Source: Docs/PublishedWeights.md, section 3.
struct PublishedGenerator {
  var width: Int
  var layerCount: Int
  var headCount: Int
  /// Heads of keys and values; nil for as many as there are.
  var keyHeadCount: Int?
  var hiddenMultiple: Int
  var ropeBase: Double
  var tokenDropout: Float
  var dropout: Float
  var classCount: Int
  var classDropout: Float
  var vocabularySize: Int
  var tokenCount: Int
  /// Tokens that are predicted one by one; nil for all of them.
  var singleTokenCount: Int?
  /// Special embeddings; nil for none.
  var specialCount: Int?

  /// Keys that change neither the function of the weights nor their names.
  static let passedOver: Set<String> = [
    "initializer_range", "attn_dropout_p", "ffn_dropout_p", "drop_path_rate", "caption_dim",
    "max_batch_size", "max_seq_len", "vq_dim",
  ]

  static let blank = Self(
    width: 1, layerCount: 1, headCount: 1, keyHeadCount: nil, hiddenMultiple: 1, ropeBase: 1,
    tokenDropout: 0, dropout: 0, classCount: 1, classDropout: 0, vocabularySize: 2, tokenCount: 1,
    singleTokenCount: nil, specialCount: nil)

  /// The keys that are read, with the published program's defaults.
  static var codec: Codec<Self> {
    .section(
      blank,
      [
        Field("dim", \.width, .size), Field("n_layer", \.layerCount, .layerCount),
        Field("n_head", \.headCount, .size),
        Field(
          "n_kv_head", \.keyHeadCount, .optional(.size, none: "null"), default: .some(nil)),
        Field("multiple_of", \.hiddenMultiple, .size, default: 256),
        Field(
          published: "ffn_dim_multiplier", only: "null", default: "null",
          because: "the feed-forward width follows from dim and multiple_of here"),
        Field("rope_base", \.ropeBase, .number(.positive), default: 10_000),
        Field(
          published: "norm_eps", only: "1.0e-5", default: "1.0e-5",
          because: "norms add this to the mean square here"),
        Field("token_dropout_p", \.tokenDropout, .number(.belowOne), default: 0.1),
        Field("resid_dropout_p", \.dropout, .number(.belowOne), default: 0.1),
        Field("num_classes", \.classCount, .size),
        Field("class_dropout_prob", \.classDropout, .number(.belowOne), default: 0.1),
        Field(
          published: "model_type", only: "c2i", default: "c2i",
          because: "classes are the only condition here"),
        Field("vocab_size", \.vocabularySize, .integer(in: 2...65_536)),
        Field(
          published: "cls_token_num", only: "1", default: "1",
          because: "a class is one token here"),
        Field("block_size", \.tokenCount, .integer(in: 1...65_536)),
        Field(
          "ar_token_num", \.singleTokenCount, .optional(.size, none: "null"), default: .some(nil)),
        Field(
          "spe_token_num", \.specialCount, .optional(.size, none: "null"), default: .some(nil)),
      ])
  }

  /// What else the published program reads from the file.
  static let constants: [(key: String, text: String)] = [
    ("initializer_range", "0.02"), ("attn_dropout_p", "0.0"), ("drop_path_rate", "0.0"),
    ("caption_dim", "2048"), ("max_batch_size", "32"), ("max_seq_len", "2048"),
  ]
}

extension PublishedGenerator {
  private var isHierarchical: Bool { singleTokenCount != nil || specialCount != nil }

  /// Checks of the fields against each other.
  func check(
    at path: String, _ origin: ConfigurationError.Problem.Origin, _ problems: ProblemCollector
  ) {
    func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    if let keyHeadCount, keyHeadCount != headCount {
      problems.add(
        place("n_kv_head"), origin,
        "expected null or the \(headCount) of n_head, found \(keyHeadCount): keys and values have as "
          + "many heads as queries here")
    }
    if classDropout == 0 {
      problems.add(
        place("class_dropout_prob"), origin,
        "expected a number above 0: with 0 the weights have no row for \"no class\", which guidance "
          + "needs here")
    }
    if isHierarchical, specialCount ?? 127 != tokenCount - 1 {
      problems.add(
        place("spe_token_num"), origin,
        "expected \(tokenCount - 1), one less than block_size, found \(specialCount ?? 127): there is one "
          + "special embedding for every token but the first here")
    }
  }

  /// The model.
  var configuration: Generator.Configuration {
    Generator.Configuration(
      tokenCount: tokenCount, vocabularySize: vocabularySize, classCount: classCount, width: width,
      layerCount: layerCount, headCount: headCount, hiddenMultiple: hiddenMultiple,
      order: isHierarchical ? .hierarchical : .sequential,
      singleTokenCount: isHierarchical ? singleTokenCount ?? 4 : 1, dropout: dropout,
      tokenDropout: tokenDropout, classDropout: classDropout, ropeBase: ropeBase)
  }

  /// The published form of a model.
  ///
  /// `problems`: gets a text for everything that the published program cannot express.
  init(_ model: Generator.Configuration, problems: inout [String]) {
    let isHierarchical = model.order == .hierarchical
    self.init(
      width: model.width, layerCount: model.layerCount, headCount: model.headCount,
      keyHeadCount: nil, hiddenMultiple: model.hiddenMultiple, ropeBase: model.ropeBase,
      tokenDropout: model.tokenDropout, dropout: model.dropout, classCount: model.classCount,
      classDropout: model.classDropout, vocabularySize: model.vocabularySize,
      tokenCount: model.tokenCount,
      singleTokenCount: isHierarchical ? model.singleTokenCount : nil,
      specialCount: isHierarchical ? model.tokenCount - 1 : nil)
    if model.classDropout == 0 {
      problems.append(
        "model.class_dropout: with 0 the published program has no row for \"no class\", which these "
          + "weights have")
    }
  }
}
