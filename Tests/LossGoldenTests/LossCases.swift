import Foundation
import TestSupport
import Testing

extension GoldenCase {
  /// Frozen vision transformers.
  static let visionTransformers = losses([
    "vit-dinov3", "vit-dinov2", "vit-dinov2-registers", "vit-mae", "vit-clip", "vit-siglip2",
    "vit-dino", "vit-dinov3-biased",
  ])

  /// Perceptual distances.
  static let perceptualDistances = losses(["lpips-vgg16", "lpips-alexnet"])

  /// A perceptual distance and logits together.
  static let perceptualLosses = losses(["lpips-convnext"])

  /// Alignment with a frozen network's features.
  static let alignments = losses(["alignment"])

  /// Discriminators over a frozen network.
  static let dinoDiscriminators = losses(["discriminator-dino"])

  /// Discriminators of patches.
  static let patchDiscriminators = losses(["discriminator-patchgan"])

  /// Augmentations of what a discriminator sees.
  static let augmentations = losses(["diffaugment"])

  /// Losses on logits.
  static let adversarialLosses = losses(["lecam-hinge"])

  /// Steps of the whole recipe.
  static let recipes = losses(["recipe-steps"])

  /// Inception-v3.
  static let inceptions = cases(["inception"], in: "evaluation", fixtures: fixtures)

  /// The directory of the fixtures.
  fileprivate static var fixtures: URL {
    Bundle.module.bundleURL.appendingPathComponent("Goldens")
  }

  private static func losses(_ names: [String]) -> [GoldenCase] {
    cases(names, in: "losses", fixtures: fixtures)
  }
}

@Test func everyFixtureIsACase() throws {
  let cases =
    GoldenCase.visionTransformers + GoldenCase.perceptualDistances + GoldenCase.perceptualLosses
    + GoldenCase.alignments + GoldenCase.dinoDiscriminators + GoldenCase.patchDiscriminators
    + GoldenCase.augmentations + GoldenCase.adversarialLosses + GoldenCase.recipes
  #expect(
    try GoldenCase.names(in: "losses", fixtures: GoldenCase.fixtures) == Set(cases.map(\.name)))
}
