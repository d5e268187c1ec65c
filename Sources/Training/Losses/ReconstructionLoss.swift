import Autodiff
import Configurations

/// The difference of an image and its reconstruction, a mean over samples, pixels and colours.
///
///     mean (x − x̂)², or mean |x − x̂|
///
/// Source: Docs/Training.md, section 1.
struct ReconstructionLoss: LossTerm {
  /// How pixels are compared.
  let kind: TokenizerRunConfiguration.Reconstruction.Kind
  /// The factor in the sum.
  let weight: Float

  func losses(on pass: TokenizerPass) -> [WeightedLoss] {
    let elementCount = pass.globalSampleCount * pass.images.count / pass.images.shape[0]
    let (reconstruction, scale) = (pass.output.reconstruction, 1 / Float(elementCount))
    let images = Variable(constant: pass.images, on: pass.tape)
    let error =
      switch kind {
      case .l2: squaredError(reconstruction, images, scale: scale)
      case .l1: absoluteError(reconstruction, images, scale: scale)
      }
    return [WeightedLoss(name: "reconstruction", value: error, weight: weight)]
  }

  /// scale · Σ |x − y|, whose gradient is 0 where both are equal.
  private func absoluteError(_ x: Variable, _ y: Variable, scale: Float) -> Variable {
    let parts = [subtract(x, y), subtract(y, x)].map { sum(relu($0), scale: scale) }
    return add(parts[0], parts[1])
  }
}
