import Configurations

/// A loss of the recipe that looks through other networks.
public enum RecipeLoss: String, Sendable, CaseIterable {
  /// Through classifiers.
  case perceptual
  /// With a foundation model.
  case alignment
  /// By a discriminator, whose own training is part of the step.
  case adversarial
}

extension TokenizerRunConfiguration {
  /// The width of the published DINOv3 that goes with an encoder: the largest that is not wider, or the
  /// smallest.
  private static func foundationWidth(for encoderWidth: Int) -> Int {
    [1024, 768].first { $0 <= encoderWidth } ?? 384
  }

  /// The losses that a run would have on.
  var configuredLosses: Set<RecipeLoss> {
    let losses = losses.named
    var found: Set<RecipeLoss> = []
    if losses.perceptual != nil { found.insert(.perceptual) }
    if losses.alignment != nil { found.insert(.alignment) }
    if losses.adversarial != nil { found.insert(.adversarial) }
    return found
  }

  /// Keeps some losses and drops the others; what is kept and not configured is the published one.
  ///
  /// Source: Docs/Training.md, section 1.
  mutating func keep(_ kept: Set<RecipeLoss>) {
    let published = Losses.published(alignmentWidth: Self.foundationWidth(for: model.encoder.width))
    losses.perceptual =
      kept.contains(.perceptual) ? losses.perceptual ?? published.perceptual : nil
    losses.alignment = kept.contains(.alignment) ? losses.alignment ?? published.alignment : nil
    losses.adversarial =
      kept.contains(.adversarial) ? losses.adversarial ?? published.adversarial : nil
    losses.adversarial?.start = 0
    model.alignmentWidth = losses.alignment?.width ?? 0
  }
}
