import Foundation

/// Keeps the most likely tokens until the sum of their probabilities first exceeds p, that token
/// included (top-p).
///
/// Source: Holtzman et al. 2020, "The curious case of neural text degeneration", section 3.1;
/// Docs/Method.md, section 6, for "first exceeds".
public struct NucleusRule: LogitsRule, Equatable {
  /// The bound p of the sum.
  public let probability: Double

  /// Creates the rule; with p = 1 it keeps every token.
  public init(_ probability: Double) {
    precondition(
      probability > 0 && probability <= 1, "NucleusRule: \(probability) is not in (0, 1]")
    self.probability = probability
  }

  /// Excludes the tokens after the nucleus.
  public func apply(to logits: inout [Float]) {
    guard probability < 1, let largest = logits.max() else { return }
    let masses = logits.map { exp(Double($0 - largest)) }
    keepLikeliest(
      of: &logits, untilSumExceeds: probability * masses.reduce(0, +), mass: { masses[$0] })
  }
}
