// The whole preparations of an image for a model (Docs/Training.md, section 3).

extension CropPlan {
  /// Evaluation: short side to `size`, then the centre, with torchvision's rounding.
  ///
  /// - Parameters:
  ///   - size: Side of the square.
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  /// - Returns: The plan.
  public static func evaluation(size: Int, ofHeight height: Int, width: Int) -> CropPlan {
    var plan = CropPlan(height: height, width: width)
    plan.resize(shortSide: size, convention: .torchvision) { height, width in
      .centre(size, ofHeight: height, width: width, convention: .torchvision)
    }
    return plan
  }

  /// The ADM centre crop.
  ///
  /// While the short side is at least twice the length, the image is halved with a box filter (an
  /// odd side loses half a pixel); the rest is bicubic.
  /// Source: Dhariwal & Nichol 2021, the image data sets of their `guided_diffusion`.
  ///
  /// - Parameters:
  ///   - size: Side of the square.
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  /// - Returns: The plan.
  public static func admCentre(size: Int, ofHeight height: Int, width: Int) -> CropPlan {
    var plan = CropPlan(height: height, width: width)
    plan.halve(towards: size)
    plan.resize(shortSide: size, convention: .adm) { height, width in
      .centre(size, ofHeight: height, width: width, convention: .adm)
    }
    return plan
  }

  /// The ADM random crop: a random short side, then a random square.
  ///
  /// Draws, in this order: the short side from `size / scale.upperBound ... size / scale.lowerBound`
  /// (both rounded up), the top and the left of the square. Of offsets beyond 2^32, which only an
  /// image a million times as long as broad has, none is drawn.
  ///
  /// - Parameters:
  ///   - size: Side of the square.
  ///   - scale: Least and greatest part of the short side that the square covers, in (0, 1].
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  ///   - draw: Returns a random integer below its argument.
  /// - Returns: The plan.
  /// - Precondition: `scale` lies in (0, 1], and the longest short side within
  ///   `RGBImage.shortSideLimit`.
  public static func admRandom(
    size: Int, scale: ClosedRange<Double>, ofHeight height: Int, width: Int,
    draw: (_ upperBound: UInt32) -> UInt32
  ) -> CropPlan {
    precondition(
      scale.lowerBound > 0 && scale.upperBound <= 1,
      "admRandom: the scale \(scale) is not within (0, 1]")
    func integer(below upperBound: Int) -> Int { Int(draw(UInt32(clamping: upperBound))) }
    let shortSides = [scale.upperBound, scale.lowerBound].map {
      (Double(size) / $0).rounded(.up)
    }
    precondition(
      shortSides[1] <= Double(RGBImage.shortSideLimit),
      "admRandom: \(size) over \(scale.lowerBound) is beyond \(RGBImage.shortSideLimit)")
    let (least, greatest) = (Int(shortSides[0]), Int(shortSides[1]))
    let newShortSide = least + integer(below: greatest - least + 1)
    var plan = CropPlan(height: height, width: width)
    plan.halve(towards: newShortSide)
    plan.resize(shortSide: newShortSide, convention: .adm) { height, width in
      let top = integer(below: height - size + 1)
      let left = integer(below: width - size + 1)
      return ImageWindow(rows: top..<top + size, columns: left..<left + size)
    }
    return plan
  }
}

extension RGBImage {
  /// The square that `CropPlan.evaluation` makes of the image.
  public func evaluationCropped(size: Int) -> RGBImage {
    cropped(by: .evaluation(size: size, ofHeight: height, width: width))
  }

  /// The square that `CropPlan.admCentre` makes of the image.
  public func admCentreCropped(size: Int) -> RGBImage {
    cropped(by: .admCentre(size: size, ofHeight: height, width: width))
  }

  /// The square that `CropPlan.admRandom` makes of the image.
  public func admRandomCropped(
    size: Int, scale: ClosedRange<Double>, draw: (_ upperBound: UInt32) -> UInt32
  ) -> RGBImage {
    cropped(
      by: .admRandom(size: size, scale: scale, ofHeight: height, width: width, draw: draw))
  }

  /// Brings the short side to a given length the ADM way: halvings, then bicubic.
  ///
  /// - Parameter newShortSide: Length of the short side, at least 1.
  /// - Returns: The resized image.
  public func admResized(shortSide newShortSide: Int) -> RGBImage {
    var plan = CropPlan(height: height, width: width)
    plan.halve(towards: newShortSide)
    plan.resize(shortSide: newShortSide, convention: .adm) { height, width in
      ImageWindow(rows: 0..<height, columns: 0..<width)
    }
    return cropped(by: plan)
  }
}
