// The whole preparations of an image for a model (Docs/Training.md, section 3).

extension RGBImage {
  /// Evaluation: short side to `size`, then the centre, with torchvision's rounding.
  ///
  /// - Parameter size: Side of the square that is returned.
  /// - Returns: The square.
  public func evaluationCropped(size: Int) -> RGBImage {
    resized(shortSide: size, convention: .torchvision)
      .centreCropped(size: size, convention: .torchvision)
  }

  /// Brings the short side to a given length the ADM way.
  ///
  /// While the short side is at least twice the length, the image is halved with a box filter (an
  /// odd side loses half a pixel); the rest is bicubic.
  /// Source: Dhariwal & Nichol 2021, the image data sets of their `guided_diffusion`.
  ///
  /// - Parameter newShortSide: Length of the short side, at least 1.
  /// - Returns: The resized image.
  public func admResized(shortSide newShortSide: Int) -> RGBImage {
    var image = self
    while image.shortSide >= 2 * newShortSide {
      image = image.resized(height: image.height / 2, width: image.width / 2, filter: .box)
    }
    return image.resized(shortSide: newShortSide, convention: .adm)
  }

  /// The ADM centre crop.
  ///
  /// - Parameter size: Side of the square that is returned.
  /// - Returns: The square.
  public func admCentreCropped(size: Int) -> RGBImage {
    admResized(shortSide: size).centreCropped(size: size, convention: .adm)
  }

  /// The ADM random crop: a random short side, then a random square.
  ///
  /// Draws, in this order: the short side from `size / scale.upperBound ... size / scale.lowerBound`
  /// (both rounded up), the top and the left of the square.
  ///
  /// - Parameters:
  ///   - size: Side of the square that is returned.
  ///   - scale: Least and greatest part of the short side that the square covers, in (0, 1].
  ///   - draw: Returns a random integer below its argument.
  /// - Returns: The square.
  /// - Precondition: `scale` lies in (0, 1].
  public func admRandomCropped(
    size: Int, scale: ClosedRange<Double>, draw: (_ upperBound: UInt32) -> UInt32
  ) -> RGBImage {
    precondition(
      scale.lowerBound > 0 && scale.upperBound <= 1,
      "admRandomCropped: the scale \(scale) is not within (0, 1]")
    func integer(below upperBound: Int) -> Int { Int(draw(UInt32(upperBound))) }
    let least = Int((Double(size) / scale.upperBound).rounded(.up))
    let greatest = Int((Double(size) / scale.lowerBound).rounded(.up))
    let image = admResized(shortSide: least + integer(below: greatest - least + 1))
    let top = integer(below: image.height - size + 1)
    let left = integer(below: image.width - size + 1)
    return image.cropped(top: top, left: left, height: size, width: size)
  }
}
