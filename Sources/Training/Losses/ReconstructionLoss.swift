import Autodiff

/// The mean squared difference of an image and its reconstruction, over samples, pixels and colours.
///
///     mean (x − x̂)²
///
/// Source: Docs/Training.md.
struct ReconstructionLoss: LossTerm {
  /// The factor in the sum.
  let weight: Float

  func losses(on pass: TokenizerPass) -> [WeightedLoss] {
    let elementCount = pass.globalSampleCount * pass.images.count / pass.images.shape[0]
    let error = squaredError(
      pass.output.reconstruction, Variable(constant: pass.images, on: pass.tape),
      scale: 1 / Float(elementCount))
    return [WeightedLoss(name: "reconstruction", value: error, weight: weight)]
  }
}
