// The whole preparations of an image for a model (Docs/Training.md, section 3).

extension RGBImage {
  /// Evaluation: short side to `size`, then the centre, with torchvision's rounding.
  ///
  /// - Parameter size: Side of the square that is returned.
  /// - Returns: The square.
  public func evaluationCropped(size: Int) -> RGBImage {
    resized(shortSide: size, convention: .torchvision) { height, width in
      .centre(size, ofHeight: height, width: width, convention: .torchvision)
    }
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
    halved(towards: newShortSide).resized(shortSide: newShortSide, convention: .adm)
  }

  /// The image halved with a box filter while its short side is at least twice a length.
  private func halved(towards newShortSide: Int) -> RGBImage {
    var image = self
    while image.shortSide / 2 >= newShortSide {
      image = image.resized(height: image.height / 2, width: image.width / 2, filter: .box)
    }
    return image
  }

  /// The ADM centre crop.
  ///
  /// - Parameter size: Side of the square that is returned.
  /// - Returns: The square.
  public func admCentreCropped(size: Int) -> RGBImage {
    halved(towards: size).resized(shortSide: size, convention: .adm) { height, width in
      .centre(size, ofHeight: height, width: width, convention: .adm)
    }
  }

  /// The ADM random crop: a random short side, then a random square.
  ///
  /// Draws, in this order: the short side from `size / scale.upperBound ... size / scale.lowerBound`
  /// (both rounded up), the top and the left of the square. Of offsets beyond 2^32, which only an
  /// image a million times as long as broad has, none is drawn.
  ///
  /// - Parameters:
  ///   - size: Side of the square that is returned.
  ///   - scale: Least and greatest part of the short side that the square covers, in (0, 1].
  ///   - draw: Returns a random integer below its argument.
  /// - Returns: The square.
  /// - Precondition: `scale` lies in (0, 1], and the longest short side within `shortSideLimit`.
  public func admRandomCropped(
    size: Int, scale: ClosedRange<Double>, draw: (_ upperBound: UInt32) -> UInt32
  ) -> RGBImage {
    precondition(
      scale.lowerBound > 0 && scale.upperBound <= 1,
      "admRandomCropped: the scale \(scale) is not within (0, 1]")
    func integer(below upperBound: Int) -> Int { Int(draw(UInt32(clamping: upperBound))) }
    let shortSides = [scale.upperBound, scale.lowerBound].map {
      (Double(size) / $0).rounded(.up)
    }
    precondition(
      shortSides[1] <= Double(Self.shortSideLimit),
      "admRandomCropped: \(size) over \(scale.lowerBound) is beyond \(Self.shortSideLimit)")
    let (least, greatest) = (Int(shortSides[0]), Int(shortSides[1]))
    let newShortSide = least + integer(below: greatest - least + 1)
    return halved(towards: newShortSide)
      .resized(shortSide: newShortSide, convention: .adm) { height, width in
        let top = integer(below: height - size + 1)
        let left = integer(below: width - size + 1)
        return ImageWindow(rows: top..<top + size, columns: left..<left + size)
      }
  }
}
