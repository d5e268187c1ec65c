import Foundation
public import ImageFiles

/// The error of reconstructions against their originals, image by image.
///
/// Both are 8-bit images, so reconstructions have been clamped and rounded before (`RGBImage`'s
/// `images(of:)`), and an image's squared error is a whole number: exact in any order. Means are
/// formed over the images by ascending index, so they do not depend on which rank had which image.
/// Source: Docs/Training.md, section 4.
public struct ReconstructionScore: Sendable, Equatable {
  /// The largest peak signal-to-noise ratio of an image, in decibels.
  ///
  /// Equal images have an infinite one, which would make every mean infinite. The bound lies where a
  /// 256 × 256 image differs in one value by one step, about 101 decibels.
  public static let ratioLimit = 100.0

  private var errors: [Int: Double] = [:]

  /// A score of no images.
  public init() {}

  /// A score that `indices` and `meanSquaredErrors` of another one describe.
  ///
  /// - Precondition: The lists are equally long and no index occurs twice.
  public init(indices: [Int], meanSquaredErrors: [Double]) {
    precondition(
      indices.count == meanSquaredErrors.count,
      "ReconstructionScore: \(indices.count) indices and \(meanSquaredErrors.count) errors")
    for (index, error) in zip(indices, meanSquaredErrors) { insert(error, at: index) }
  }

  /// The number of images.
  public var imageCount: Int { errors.count }
  /// The indices of the images in ascending order.
  public var indices: [Int] { errors.keys.sorted() }
  /// Mean squared errors of values in [0, 1], in the order of `indices`.
  public var meanSquaredErrors: [Double] { indices.compactMap { errors[$0] } }

  /// Adds an image.
  ///
  /// - Parameters:
  ///   - index: The image's index in the data set.
  ///   - original: The image.
  ///   - reconstruction: What the model made of it.
  /// - Precondition: Both have one size, and the index is new.
  public mutating func add(index: Int, original: RGBImage, reconstruction: RGBImage) {
    insert(Self.meanSquaredError(original, reconstruction), at: index)
  }

  /// Adds the images of another score, such as another rank's.
  ///
  /// - Precondition: No index is in both.
  public mutating func merge(_ other: ReconstructionScore) {
    for (index, error) in other.errors { insert(error, at: index) }
  }

  /// The mean squared error over all images, of values in [0, 1]; nil without images.
  public var meanSquaredError: Double? { mean { $0 } }

  /// The mean over images of the peak signal-to-noise ratio, in decibels; nil without images.
  ///
  ///     −10 · log10(mean squared error), at most `ratioLimit`
  public var peakSignalToNoiseRatio: Double? { mean(Self.ratio) }

  /// The mean squared error of two images' values in [0, 1].
  ///
  /// - Precondition: Both have one size.
  public static func meanSquaredError(_ left: RGBImage, _ right: RGBImage) -> Double {
    precondition(
      left.height == right.height && left.width == right.width,
      "ReconstructionScore: images of \(left.height) x \(left.width) and "
        + "\(right.height) x \(right.width)")
    var sum = 0
    for index in left.pixels.indices {
      let difference = Int(left.pixels[index]) - Int(right.pixels[index])
      sum += difference * difference
    }
    return Double(sum) / (255 * 255 * Double(left.pixels.count))
  }

  /// The peak signal-to-noise ratio of a mean squared error, in decibels, at most `ratioLimit`.
  public static func ratio(meanSquaredError: Double) -> Double {
    min(ratioLimit, -10 * log10(meanSquaredError))
  }

  private mutating func insert(_ error: Double, at index: Int) {
    let old = errors.updateValue(error, forKey: index)
    precondition(old == nil, "ReconstructionScore: image \(index) is scored twice")
  }

  private func mean(_ figure: (Double) -> Double) -> Double? {
    guard !errors.isEmpty else { return nil }
    return meanSquaredErrors.reduce(0) { $0 + figure($1) } / Double(errors.count)
  }
}
