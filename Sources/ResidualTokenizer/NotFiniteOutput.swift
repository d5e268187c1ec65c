/// Latents or pixels among which is an infinity or what is no number: codes and images of them would be
/// made up.
public struct NotFiniteOutput: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is not finite.
  public enum Quantity: String, Sendable {
    /// The encoder's latents.
    case latents
    /// The decoder's pixels.
    case pixels
  }

  /// What is not finite.
  public let quantity: Quantity

  /// What happened and what to do.
  public var description: String {
    "the tokenizer's \(quantity.rawValue) are not finite: the model has diverged or its weights are "
      + "damaged; try an earlier checkpoint"
  }
}
