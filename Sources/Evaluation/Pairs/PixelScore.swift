import Foundation
import ImageFiles
import Inference

/// The mean peak signal-to-noise ratio of images, those that are equal to their originals apart.
///
///     PSNR = −10·log₁₀ of the mean squared error of values in [0, 1]
///
/// An equal image has an infinite ratio, with which every mean would be infinite: such images are counted.
/// Source: Docs/Evaluation.md, section 5.
public struct PixelScore: Sendable, Equatable {
  /// Images so far that differ from their originals.
  public private(set) var differingCount = 0
  /// Images so far that are equal to their originals.
  public private(set) var equalCount = 0
  private var sum = 0.0

  /// A score of no images.
  public init() {}

  /// Adds an image by its mean squared error of values in [0, 1].
  public mutating func add(meanSquaredError: Double) {
    guard meanSquaredError > 0 else { return equalCount += 1 }
    differingCount += 1
    sum += -10 * log10(meanSquaredError)
  }

  /// The mean over the images that differ, in decibels; nil where none does.
  public var value: Double? { differingCount > 0 ? sum / Double(differingCount) : nil }
}
