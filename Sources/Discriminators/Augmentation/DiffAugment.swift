public import Autodiff

/// Augmentations of what a discriminator sees, with gradients into the images.
///
/// Three groups one after another, each for all images of a lane or for none: colours, translation,
/// cutout. What an image gets is its own. Nothing is limited to [0, 1] afterwards.
/// Source: Zhao et al. 2020 (DiffAugment), section 3, policy "color,translation,cutout".
public struct DiffAugment: Sendable, Equatable {
  /// The largest translation as a share of height and width.
  public var translation: Double
  /// Height and width of the hole as shares of those of the image.
  public var cutout: Double

  /// The published shares, unless told otherwise.
  public init(translation: Double = 0.125, cutout: Double = 0.2) {
    self.translation = translation
    self.cutout = cutout
  }

  /// The draws of one pass over a lane's images.
  public struct Draws: Sendable, Equatable {
    /// Whether the colours change.
    public var changesColors: Bool
    /// Whether images move.
    public var translates: Bool
    /// Whether holes are cut.
    public var cuts: Bool
    /// What each image gets, where its group is on.
    public var samples: [Sample]

    /// Gathers the draws.
    public init(changesColors: Bool, translates: Bool, cuts: Bool, samples: [Sample]) {
      self.changesColors = changesColors
      self.translates = translates
      self.cuts = cuts
      self.samples = samples
    }

    /// Draws that leave images as they are.
    public static func unchanged(sampleCount: Int) -> Draws {
      let none = PixelPlace(row: 0, column: 0)
      let sample = Sample(
        brightness: 0, saturation: 1, contrast: 1, shift: none, hole: none)
      return Draws(
        changesColors: false, translates: false, cuts: false,
        samples: Array(repeating: sample, count: sampleCount))
    }
  }

  /// The draws of one image.
  public struct Sample: Sendable, Equatable {
    /// What is added to all numbers.
    public var brightness: Float
    /// Factor of the distances to the pixel's mean.
    public var saturation: Float
    /// Factor of the distances to the image's mean.
    public var contrast: Float
    /// The row and the column that become the first.
    public var shift: PixelPlace
    /// The middle of the hole.
    public var hole: PixelPlace

    /// Gathers the draws.
    public init(
      brightness: Float, saturation: Float, contrast: Float, shift: PixelPlace, hole: PixelPlace
    ) {
      self.brightness = brightness
      self.saturation = saturation
      self.contrast = contrast
      self.shift = shift
      self.hole = hole
    }
  }

  /// A row and a column.
  public struct PixelPlace: Sendable, Equatable {
    /// The row.
    public var row: Int
    /// The column.
    public var column: Int

    /// The place.
    public init(row: Int, column: Int) {
      self.row = row
      self.column = column
    }
  }

  /// The augmented images.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, channels]`.
  ///   - draws: What happens to them; one sample an image.
  /// - Returns: Shaped like `images`; `images` themselves where no group is on.
  public func callAsFunction(_ images: Variable, _ draws: Draws) -> Variable {
    let samples = draws.samples
    precondition(
      images.shape.count == 4 && samples.count == images.shape[0],
      "DiffAugment: draws of \(samples.count) samples for images of shape \(images.shape)")
    var x = images
    if draws.changesColors {
      x = adjustColors(
        x, brightness: samples.map(\.brightness), saturation: samples.map(\.saturation),
        contrast: samples.map(\.contrast))
    }
    if draws.translates {
      x = translateImages(
        x, rows: samples.map(\.shift.row), columns: samples.map(\.shift.column))
    }
    if draws.cuts {
      let (height, width) = (images.shape[1], images.shape[2])
      x = cutRectangles(
        x, rows: samples.map { hole(around: $0.hole.row, of: height) },
        columns: samples.map { hole(around: $0.hole.column, of: width) })
    }
    return x
  }

  /// The rows or columns of a hole, of which some may be beyond the image.
  private func hole(around middle: Int, of size: Int) -> Range<Int> {
    let holeSize = holeSize(of: size)
    return middle - holeSize / 2..<middle - holeSize / 2 + holeSize
  }

  /// The size of a hole in an image of `size` rows or columns.
  func holeSize(of size: Int) -> Int { Int(Double(size) * cutout + 0.5) }

  /// The largest translation of an image of `size` rows or columns.
  func largestShift(of size: Int) -> Int { Int(Double(size) * translation + 0.5) }
}
