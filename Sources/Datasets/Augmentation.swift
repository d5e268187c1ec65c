public import ImageFiles

/// What happens to an image before training.
///
/// Every random integer is an argument, so that it can be keyed by the sample: the same sample in
/// the same epoch gives the same image on any rank.
public struct Augmentation: Hashable, Sendable {
  /// How a random crop is made.
  public enum CropKind: String, Hashable, Sendable, CaseIterable {
    /// A square of the image after its short side is resized (Dhariwal & Nichol 2021).
    case adm
    /// A rectangle of a part of the image's area, resized to a square (torchvision's
    /// `RandomResizedCrop`).
    case resized
  }

  /// Least and greatest part of the short side (`adm`) or of the area (`resized`) that a random crop
  /// covers, in (0, 1]; nil: the evaluation's centre crop.
  public var crop: ClosedRange<Double>?
  /// How a random crop is made.
  public var kind: CropKind
  /// Whether every other image, at random, is mirrored.
  public var flip: Bool

  /// Neither crops nor flips: the image as in evaluation.
  public static let none = Augmentation(crop: nil, flip: false)
  /// The published recipe: crops of 0.8 to 1 of the short side, flips.
  public static let published = Augmentation(crop: 0.8...1, flip: true)

  /// Makes a policy.
  ///
  /// - Parameters:
  ///   - crop: Least and greatest part of the short side or of the area that a random crop covers, in
  ///     (0, 1].
  ///   - kind: How a random crop is made.
  ///   - flip: Whether every other image is mirrored.
  /// - Precondition: `crop` lies in (0, 1].
  public init(crop: ClosedRange<Double>?, kind: CropKind = .adm, flip: Bool) {
    if let crop {
      precondition(
        crop.lowerBound > 0 && crop.upperBound <= 1,
        "Augmentation: the crop \(crop) is not within (0, 1]")
    }
    self.crop = crop
    self.kind = kind
    self.flip = flip
  }

  /// How an image of a size becomes a training image.
  ///
  /// Draws, in this order: what the crop draws (if there is one: `CropPlan.admRandom`,
  /// `CropPlan.resizedCrop`), then 1 of 2 for the mirror image (if there are flips).
  ///
  /// - Parameters:
  ///   - size: Side of the square that the model takes.
  ///   - height: Rows of the image as it is stored.
  ///   - width: Columns of the image as it is stored.
  ///   - draw: Returns a random integer below its argument.
  /// - Returns: The plan for a square.
  public func plan(
    size: Int, ofHeight height: Int, width: Int, draw: (_ upperBound: UInt32) -> UInt32
  ) -> CropPlan {
    var plan =
      crop.map { crop in
        switch kind {
        case .adm:
          CropPlan.admRandom(size: size, scale: crop, ofHeight: height, width: width, draw: draw)
        case .resized:
          CropPlan.resizedCrop(size: size, area: crop, ofHeight: height, width: width, draw: draw)
        }
      } ?? .evaluation(size: size, ofHeight: height, width: width)
    plan.isMirrored = flip && draw(2) == 1
    return plan
  }

  /// The training image.
  ///
  /// - Parameters:
  ///   - image: The image as it is stored.
  ///   - size: Side of the square that the model takes.
  ///   - draw: Returns a random integer below its argument.
  /// - Returns: A square.
  public func apply(
    to image: RGBImage, size: Int, draw: (_ upperBound: UInt32) -> UInt32
  ) -> RGBImage {
    image.cropped(by: plan(size: size, ofHeight: image.height, width: image.width, draw: draw))
  }
}

extension ImageKind {
  /// The image of a sample as training takes it.
  ///
  /// - Parameters:
  ///   - sample: A sample of a data set of this kind.
  ///   - size: Side of the square that the model takes.
  ///   - augmentation: The policy.
  ///   - draw: Returns a random integer below its argument; keyed by the sample.
  /// - Returns: A square.
  /// - Throws: `DataError` if the sample cannot be decoded.
  public func trainingImage(
    of sample: Sample, size: Int, augmentation: Augmentation,
    draw: (_ upperBound: UInt32) -> UInt32
  ) throws(DataError) -> RGBImage {
    try image(of: sample) { height, width in
      augmentation.plan(size: size, ofHeight: height, width: width, draw: draw)
    }
  }

  /// The image of a sample as evaluation takes it: short side to the size, centre crop.
  ///
  /// - Parameters:
  ///   - sample: A sample of a data set of this kind.
  ///   - size: Side of the square that the model takes.
  /// - Returns: A square.
  /// - Throws: `DataError` if the sample cannot be decoded.
  public func evaluationImage(of sample: Sample, size: Int) throws(DataError) -> RGBImage {
    try image(of: sample) { .evaluation(size: size, ofHeight: $0, width: $1) }
  }
}
