/// How many multiplications 3×3 convolutions take, and what error they may have.
///
/// Errors and speed: Docs/Numerics.md, Docs/Configuration.md (`convolutions`).
public enum ConvolutionArithmetic: String, Sendable, CaseIterable, Codable {
  /// All products of the sum, as it is defined.
  case direct
  /// Fewer, in float32 throughout: with an error of the size of the direct sum's, and of bfloat16 operands with nothing but
  /// the result rounded. The default.
  case accurate
  /// Fewer still for bfloat16 operands: what is multiplied in their place is rounded to bfloat16 too.
  case fast
}
