extension PublishedConfiguration {
  /// The `config.json` of the published program for a configuration's model.
  ///
  /// - Parameters:
  ///   - configuration: The configuration of this program.
  ///   - file: What errors call it.
  /// - Returns: The text.
  /// - Throws: `ConfigurationError`, which lists every key that the published program has no word for, and
  ///   with which it would compute something else of the same weights.
  public static func text(for configuration: AnyRunConfiguration, file: String)
    throws(ConfigurationError) -> String
  {
    var problems: [String] = []
    let tree: ConfigurationTree
    switch configuration {
    case .tokenizer(let configuration):
      let published = PublishedTokenizer(configuration, problems: &problems)
      tree = Self.tree(of: published, imageSize: configuration.model.imageSize)
    case .generator(let configuration):
      tree = Self.tree(of: PublishedGenerator(configuration.model, problems: &problems))
    }
    guard problems.isEmpty else {
      throw ConfigurationError(
        file: file,
        problems: problems.map { .init(path: "", origin: .unknown, message: $0) })
    }
    return tree.json() + "\n"
  }

  private static func tree(of published: PublishedTokenizer, imageSize: Int) -> ConfigurationTree {
    let size = ConfigurationTree(content: .scalar("\(imageSize)", isQuoted: false))
    let model = PublishedTokenizer.codec.write(published)
    return section([
      ("model", section([("vq_model", model)])),
      ("dataset", section([("preprocessing", section([("crop_size", size)]))])),
    ])
  }

  private static func tree(of published: PublishedGenerator) -> ConfigurationTree {
    let fields = PublishedGenerator.codec.write(published)
    // The program without levels knows no such keys.
    let optional: Set = ["ar_token_num", "spe_token_num"]
    let entries = (fields.entries ?? []).filter {
      !(optional.contains($0.key) && $0.value.word == "null")
    }
    let constants = PublishedGenerator.constants.map {
      ($0.key, ConfigurationTree(content: .scalar($0.text, isQuoted: false)))
    }
    let feedForward = fields.node(at: ["resid_dropout_p"]).map { [("ffn_dropout_p", $0)] } ?? []
    return section(entries.map { ($0.key, $0.value) } + feedForward + constants)
  }

  private static func section(_ entries: [(String, ConfigurationTree)]) -> ConfigurationTree {
    ConfigurationTree(
      content: .mapping(
        entries.map { .init(key: $0.0, origin: .unknown, value: $0.1) }))
  }
}
