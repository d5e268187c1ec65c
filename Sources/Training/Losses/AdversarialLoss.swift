import Discriminators

/// What a discriminator says of the reconstructions, from its first step on.
///
/// Source: Docs/Discriminators.md, section 4.
struct AdversarialLoss: LossTerm {
  /// The factor in the sum.
  let weight: Float
  /// The discriminator.
  let discriminator: DiscriminatorTraining

  func operationCount(inStep step: Int, imageSize size: Int) -> Int {
    discriminator.network.isTrained(in: step) ? discriminator.operationCount(imageSize: size) : 0
  }

  func losses(on pass: TokenizerPass) -> [WeightedLoss] {
    guard discriminator.network.isTrained(in: pass.place.step) else { return [] }
    let logits = discriminator.logits(
      of: pass.output.reconstruction, .generator, at: pass.place, pass.draws)
    return [
      WeightedLoss(
        name: "adversarial", value: generatorLoss(logits, share: pass.share), weight: weight)
    ]
  }
}
