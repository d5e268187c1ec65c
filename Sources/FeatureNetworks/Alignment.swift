public import Autodiff

/// The alignment of features with those of a frozen network.
///
///     loss = scale · Σ relu(1 − margin − cos(ours, target))
///
/// Source: Docs/Networks.md, section 4; Yao et al. 2025 (VA-VAE), section 3.2.
///
/// - Parameters:
///   - ours: Projected features, `[..., channels]`: of the image, or of its cells.
///   - target: The frozen network's, shaped like `ours`.
///   - margin: Cosines above 1 − margin cost nothing; below 1.
///   - scale: For a mean, one over the global number of features.
/// - Returns: The loss, a single number; and the mean cosine of these features.
public func alignmentLoss(_ ours: Variable, _ target: Variable, margin: Float, scale: Float)
  -> (loss: Variable, meanCosine: Double)
{
  precondition(margin < 1, "alignmentLoss: margin \(margin) is not below 1")
  let cosines = cosineSimilarity(ours, target)
  let numbers = cosines.value.array(of: Float.self)
  let total = numbers.reduce(0) { $0 + Double($1) }
  // relu(t − c) = t·relu(1 − c/t) for the threshold t = 1 − margin.
  let threshold = 1 - margin
  let loss = hinge(
    Autodiff.scale(cosines, by: 1 / threshold), isPositive: true, scale: threshold * scale)
  return (loss, total / Double(numbers.count))
}
