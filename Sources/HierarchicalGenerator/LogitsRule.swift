/// A rule that changes the logits of one token before the token is drawn.
///
/// Rules are applied one after the other. A logit of minus infinity excludes its token; a rule
/// leaves at least one token.
public protocol LogitsRule: Sendable {
  /// Applies the rule.
  ///
  /// - Parameter logits: One number a token of the vocabulary; the largest one is finite.
  func apply(to logits: inout [Float])
}
