/// What a run trains: the word after `kind:` in its configuration, and the name of its first network.
public enum RunKind: String, Codable, Sendable, CaseIterable {
  /// The image tokenizer.
  case tokenizer
  /// The generator of token sequences.
  case generator
}
