import CKernels

/// How the places of a window are weighted when two planes are compared.
public struct StructureWindow: Sendable {
  /// Weights along each axis, which add to 1.
  public let weights: [Double]
  /// Added to the squares of means, so that dark places have a quotient.
  public let luminanceConstant: Double
  /// Added to variances, so that even places have one.
  public let contrastConstant: Double

  /// A window; the two-dimensional weights are the products of those along the axes.
  public init(weights: [Double], luminanceConstant: Double, contrastConstant: Double) {
    precondition(!weights.isEmpty, "StructureWindow: no weights")
    self.weights = weights
    self.luminanceConstant = luminanceConstant
    self.contrastConstant = contrastConstant
  }
}

/// Structural similarity of two planes, where the window lies inside them.
///
///     contrast = (2·cov + C₂) / (var a + var b + C₂)
///     full     = (2·mean a·mean b + C₁) / (mean a² + mean b² + C₁) · contrast
///
/// with moments weighted by the window and no correction for small samples; means over all places.
///
/// - Parameters:
///   - a: `[height, width]`.
///   - b: `[height, width]`.
///   - height: Rows.
///   - width: Columns.
///   - window: The window.
/// - Returns: The means of both.
/// - Precondition: The planes have these sizes, and neither is smaller than the window.
public func structuralSimilarity(
  _ a: [Double], _ b: [Double], height: Int, width: Int, window: StructureWindow
) -> (full: Double, contrast: Double) {
  let size = window.weights.count
  precondition(
    a.count == height * width && b.count == a.count && height >= size && width >= size,
    "structuralSimilarity: \(a.count) and \(b.count) numbers for \(height)x\(width), window of \(size)"
  )
  var means = [0.0, 0.0]
  var scratch = [Double](repeating: 0, count: 5 * width)
  window.weights.withUnsafeBufferPointer { weights in
    CKernels_structuralSimilarity(
      &means, &scratch, a, b,
      CKernelsStructureWindow(
        weights: weights.baseAddress, size: Int64(size),
        luminanceConstant: window.luminanceConstant, contrastConstant: window.contrastConstant),
      Int64(height), Int64(width))
  }
  return (means[0], means[1])
}
