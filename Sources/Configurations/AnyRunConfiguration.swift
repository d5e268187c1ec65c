public import Checkpoints

/// A configuration of either kind, for commands that take both.
public enum AnyRunConfiguration: Sendable, Equatable {
  /// A training run of the tokenizer.
  case tokenizer(TokenizerRunConfiguration)
  /// A training run of the generator.
  case generator(GeneratorRunConfiguration)

  /// Reads a configuration of the kind that it says it is.
  ///
  /// - Parameters:
  ///   - file: The path of a YAML file.
  ///   - overrides: `key.path=value` pairs that replace values of the file; each value is YAML.
  /// - Throws: `ConfigurationError` with all problems of the file and the overrides.
  public init(contentsOf file: String, overrides: [String] = []) throws(ConfigurationError) {
    try self.init(yaml: try configurationText(of: file), file: file, overrides: overrides)
  }

  /// Reads a configuration, of the kind that it says it is, from its text.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - file: What errors call the text.
  ///   - overrides: `key.path=value` pairs that replace values of the text; each value is YAML.
  /// - Throws: `ConfigurationError` with all problems of the text and the overrides.
  public init(
    yaml text: String, file: String, overrides: [String] = []
  ) throws(ConfigurationError) {
    let tree = try ConfigurationTree(yaml: text, file: file)
    let entry = tree.entries?.first { $0.key == "kind" }
    guard let entry, let kind = entry.value.word.flatMap(RunKind.init(rawValue:)) else {
      let found = entry.map { "found \($0.value.found)" } ?? "found no such key"
      throw ConfigurationError(
        file: file,
        problems: [
          .init(
            path: "kind", origin: entry?.origin ?? .unknown,
            message: "expected tokenizer or generator, \(found)")
        ])
    }
    switch kind {
    case .tokenizer:
      self = .tokenizer(try .init(yaml: text, file: file, overrides: overrides))
    case .generator:
      self = .generator(try .init(yaml: text, file: file, overrides: overrides))
    }
  }

  /// What both kinds of run are told.
  public var training: TrainingSettings { base.training }

  /// What the configuration trains.
  public var kind: RunKind { type(of: base).kind }

  /// The digest of all that can change the run's results.
  public var digest: UInt64 { base.digest }

  /// The digest of what makes a model out of weights.
  public var modelDigest: UInt64 { base.modelDigest }

  /// The configuration, whatever it trains.
  package var base: any RunConfiguration {
    switch self {
    case .tokenizer(let configuration): configuration
    case .generator(let configuration): configuration
    }
  }
}
