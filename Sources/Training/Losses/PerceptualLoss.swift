import Autodiff
import Configurations
import FeatureNetworks

/// The difference of an image and its reconstruction as classifiers see them.
///
///     weight · (A·LPIPS(jittered images) + B·logit loss) / (A + B)
///
/// Source: Docs/Networks.md, section 2.
struct PerceptualLoss: LossTerm {
  private struct Part {
    let name: String
    let share: Float
    /// Operations of a forward pass over an image of a height and width.
    let forwardOperationCount: (_ size: Int) -> Int
    let loss: (TokenizerPass, Variable) -> Variable
  }

  private let weight: Float
  private let parts: [Part]

  /// The loss with those of its parts that have their networks; nil where none has.
  init?(
    _ perceptual: TokenizerRunConfiguration.Perceptual?, _ networks: RecipeNetworks
  ) {
    guard let perceptual else { return nil }
    var parts: [Part] = []
    if let lpips = perceptual.lpips, let distance = networks.lpips {
      parts.append(
        Part(
          name: "lpips", share: lpips.weight,
          forwardOperationCount: {
            distance.forwardOperationCount(height: $0, width: $0)
          }, loss: { Self.lpips(distance, $0, $1) }))
    }
    if let convNeXt = perceptual.convNeXt, let frozen = networks.convNeXt {
      parts.append(
        Part(
          name: "convnext_s", share: convNeXt.weight,
          forwardOperationCount: { _ in frozen.network.configuration.forwardOperationCount },
          loss: { Self.logits(frozen, $0, $1) }))
    }
    guard !parts.isEmpty else { return nil }
    // A part without its network is off, and leaves the other its share.
    let total = (perceptual.lpips?.weight ?? 0) + (perceptual.convNeXt?.weight ?? 0)
    weight = perceptual.weight / total
    self.parts = parts
  }

  /// Images and reconstructions forward, and back to the reconstructions.
  func operationCount(inStep step: Int, imageSize size: Int) -> Int {
    3 * parts.reduce(0) { $0 + $1.forwardOperationCount(size) }
  }

  func losses(on pass: TokenizerPass) -> [WeightedLoss] {
    let images = Variable(constant: pass.images, on: pass.tape)
    return parts.map { part in
      WeightedLoss(name: part.name, value: part.loss(pass, images), weight: weight * part.share)
    }
  }

  private static func lpips(
    _ distance: PerceptualDistance, _ pass: TokenizerPass, _ images: Variable
  ) -> Variable {
    let jitter = pass.draws.jitter
    return sum(
      distance(jitter(images), jitter(pass.output.reconstruction)),
      scale: 1 / Float(pass.globalSampleCount))
  }

  private static func logits(
    _ frozen: FrozenNetwork<ConvNeXt>, _ pass: TokenizerPass, _ images: Variable
  ) -> Variable {
    logitLoss(
      frozen.network(pass.output.reconstruction), frozen.network(images),
      scale: 1 / Float(pass.globalSampleCount))
  }
}
