import Foundation
public import ImageFiles

/// The mean peak signal-to-noise ratio of images, those that are equal to their originals apart.
///
///     PSNR = −10·log₁₀ of the mean squared error of values in [0, 1]
///
/// An equal image has an infinite ratio, with which every mean would be infinite: such images are counted.
/// Both images are of 8 bits, so reconstructions have been clamped and rounded before (`RGBImage`'s `images(of:)`),
/// and an image's squared error is a whole number: exact in any order.
/// Source: Docs/Evaluation.md, section 5.
public struct PixelScore: Sendable, Equatable {
  /// Images so far that differ from their originals.
  public private(set) var differingCount = 0
  /// Images so far that are equal to their originals.
  public private(set) var equalCount = 0
  private var sum = 0.0

  /// A score of images, added in their order; of none unless some are given.
  public init(meanSquaredErrors: [Double] = []) {
    for error in meanSquaredErrors { add(meanSquaredError: error) }
  }

  /// Adds an image by its mean squared error of values in [0, 1].
  public mutating func add(meanSquaredError: Double) {
    guard meanSquaredError > 0 else { return equalCount += 1 }
    differingCount += 1
    sum += -10 * log10(meanSquaredError)
  }

  /// The mean over the images that differ, in decibels; nil where none does.
  public var value: Double? { differingCount > 0 ? sum / Double(differingCount) : nil }

  /// The mean squared error of two images' values in [0, 1].
  ///
  /// - Precondition: Both have one size.
  public static func meanSquaredError(_ left: RGBImage, _ right: RGBImage) -> Double {
    precondition(
      left.height == right.height && left.width == right.width,
      "PixelScore: images of \(left.height) x \(left.width) and \(right.height) x \(right.width)")
    var sum = 0
    for index in left.pixels.indices {
      let difference = Int(left.pixels[index]) - Int(right.pixels[index])
      sum += difference * difference
    }
    return Double(sum) / (255 * 255 * Double(left.pixels.count))
  }
}
