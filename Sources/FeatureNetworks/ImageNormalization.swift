public import Autodiff

/// Means and standard deviations of the colours that a network's images are normalised by.
///
///     y = (x − mean) / deviation, for each of red, green and blue
public struct ImageNormalization: Sendable, Equatable {
  /// What is subtracted.
  public let means: [Float]
  /// What is divided by.
  public let standardDeviations: [Float]

  /// Of ImageNet's training images.
  public static let imageNet = ImageNormalization(
    means: [0.485, 0.456, 0.406], standardDeviations: [0.229, 0.224, 0.225])

  /// Of CLIP's.
  ///
  /// Source: Radford et al. 2021, the published program.
  public static let clip = ImageNormalization(
    means: [0.481_454_66, 0.457_827_5, 0.408_210_73],
    standardDeviations: [0.268_629_54, 0.261_302_58, 0.275_777_11])

  /// To −1 … 1.
  public static let symmetric = ImageNormalization(
    means: [0.5, 0.5, 0.5], standardDeviations: [0.5, 0.5, 0.5])

  /// LPIPS's (2x − 1 − shift) / scale.
  ///
  /// Source: Zhang et al. 2018, the published program.
  public static let perceptual = ImageNormalization(
    means: [-0.030, -0.088, -0.188].map { (1 + $0) / 2 },
    standardDeviations: [0.458, 0.448, 0.450].map { $0 / 2 })

  /// Normalises images `[..., 3]` in [0, 1].
  public func callAsFunction(_ images: Variable) -> Variable {
    normalizeChannels(images, means: means, standardDeviations: standardDeviations)
  }
}
