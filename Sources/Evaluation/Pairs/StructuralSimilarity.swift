import Foundation
public import ImageFiles
import Kernels

/// Structural similarity of an image and its reconstruction, at one scale or at five.
///
/// A Gaussian window of 11×11 pixels with standard deviation 1.5 inside the image, values in [0, 1], K₁ = 0.01,
/// K₂ = 0.03, in double precision.
/// Source: Wang et al. 2004, section III-B; Wang, Simoncelli & Bovik 2003; Docs/Evaluation.md, section 5.
public enum StructuralSimilarity {
  /// The shortest side that has a place for the window.
  public static let leastSide = 11
  /// The shortest side that has one at the coarsest of five scales.
  public static let leastSideOfScales = 161
  /// The powers that the scales are raised to, fine to coarse.
  static let scaleWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]

  /// exp(−k²/4.5), k = 0 … 5, over their sum, in single precision as PyTorch rounds them.
  ///
  /// They do not add to 1 exactly, and variances are small differences of large means: another rounding in
  /// the last digit changes scores by up to 4e-5.
  private static let bell: [Float] = [
    0.26601171, 0.21300553, 0.10936069, 0.036000773, 0.007598758, 0.0010283804,
  ]
  private static let window = StructureWindow(
    weights: (-5...5).map { Double(bell[abs($0)]) }, luminanceConstant: 0.01 * 0.01,
    contrastConstant: 0.03 * 0.03)

  /// The mean over area and channels at the image's own scale; nil where a side is too short.
  ///
  /// - Precondition: Both images have one size.
  public static func value(_ original: RGBImage, _ reconstruction: RGBImage) -> Double? {
    requireLike(original, reconstruction)
    guard original.shortSide >= leastSide else { return nil }
    let values = (0..<3).map { channel in
      let pair = (Plane(original, channel: channel), Plane(reconstruction, channel: channel))
      return means(pair.0, pair.1).full
    }
    return values.reduce(0, +) / 3
  }

  /// The product over five scales, a mean over channels; nil where a side is too short.
  ///
  /// Of the coarsest scale the whole similarity counts, of the others contrast and structure; what is below 0
  /// counts as 0.
  ///
  /// - Precondition: Both images have one size.
  public static func valueOverScales(_ original: RGBImage, _ reconstruction: RGBImage) -> Double? {
    requireLike(original, reconstruction)
    guard original.shortSide >= leastSideOfScales else { return nil }
    let values = (0..<3).map { channel -> Double in
      var pair = (Plane(original, channel: channel), Plane(reconstruction, channel: channel))
      var product = 1.0
      for (scale, weight) in scaleWeights.enumerated() {
        if scale > 0 { pair = (pair.0.halved, pair.1.halved) }
        let means = means(pair.0, pair.1)
        let isCoarsest = scale == scaleWeights.count - 1
        product *= pow(max(isCoarsest ? means.full : means.contrast, 0), weight)
      }
      return product
    }
    return values.reduce(0, +) / 3
  }

  private static func means(_ a: Plane, _ b: Plane) -> (full: Double, contrast: Double) {
    structuralSimilarity(
      a.values, b.values, height: a.height, width: a.width, window: window)
  }

  private static func requireLike(_ a: RGBImage, _ b: RGBImage) {
    precondition(
      a.height == b.height && a.width == b.width,
      "StructuralSimilarity: images of \(a.height)x\(a.width) and \(b.height)x\(b.width)")
  }
}

/// One channel of an image in [0, 1].
private struct Plane {
  let height: Int
  let width: Int
  let values: [Double]

  init(_ image: RGBImage, channel: Int) {
    (height, width) = (image.height, image.width)
    values = stride(from: channel, to: image.pixels.count, by: 3).map {
      Double(image.pixels[$0]) / 255
    }
  }

  private init(height: Int, width: Int, values: [Double]) {
    (self.height, self.width, self.values) = (height, width, values)
  }

  /// Means of 2×2 cells; an odd side has a row of zeros at both ends, which are averaged in.
  var halved: Plane {
    let (top, left) = (height % 2, width % 2)
    let (newHeight, newWidth) = ((height + top) / 2, (width + left) / 2)
    var means = [Double](repeating: 0, count: newHeight * newWidth)
    for row in 0..<height {
      let target = (row + top) / 2 * newWidth
      for column in 0..<width {
        means[target + (column + left) / 2] += values[row * width + column]
      }
    }
    return Plane(height: newHeight, width: newWidth, values: means.map { $0 / 4 })
  }
}
