import Discriminators

/// What a discriminator says of the reconstructions, from its first step on.
///
/// Source: Docs/Discriminators.md, section 4.
struct AdversarialLoss: LossTerm {
  /// The factor in the sum.
  let weight: Float
  /// The discriminator.
  let judge: Judge

  func losses(on pass: TokenizerPass) -> [WeightedLoss] {
    guard judge.network.isTrained(in: pass.place.step) else { return [] }
    let logits = judge.logits(
      of: pass.output.reconstruction, .generator, at: pass.place, pass.draws)
    return [
      WeightedLoss(
        name: "adversarial", value: generatorLoss(logits, share: pass.share), weight: weight)
    ]
  }
}
