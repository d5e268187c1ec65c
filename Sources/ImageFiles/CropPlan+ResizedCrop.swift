import Foundation

extension CropPlan {
  /// A random rectangle of the image, brought to a square: torchvision's `RandomResizedCrop`.
  ///
  /// Draws up to ten times two numbers for the rectangle's part of the image's area and for its width
  /// over its height (between 3/4 and 4/3, evenly in its logarithm), each a multiple of 2⁻²⁴; of the
  /// first rectangle that fits into the image then the top and the left. Where none fits, the middle
  /// of the image is taken, as large as those proportions allow, and no place is drawn.
  /// Source: Szegedy et al. 2015; torchvision `transforms.RandomResizedCrop.get_params`.
  ///
  /// - Parameters:
  ///   - size: Side of the square.
  ///   - area: Least and greatest part of the image's area that the rectangle covers, in (0, 1].
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  ///   - draw: Returns a random integer below its argument.
  /// - Returns: The plan.
  /// - Precondition: `area` lies in (0, 1].
  public static func resizedCrop(
    size: Int, area: ClosedRange<Double>, ofHeight height: Int, width: Int,
    draw: (_ upperBound: UInt32) -> UInt32
  ) -> CropPlan {
    precondition(
      area.lowerBound > 0 && area.upperBound <= 1,
      "resizedCrop: the area \(area) is not within (0, 1]")
    let window = window(area: area, ofHeight: height, width: width, draw: draw)
    var plan = CropPlan(height: height, width: width, source: window)
    plan.resize(height: size, width: size, filter: .bicubic)
    return plan
  }

  private static let aspects = 3.0 / 4...4.0 / 3

  /// The rectangle that the draws name.
  private static func window(
    area: ClosedRange<Double>, ofHeight height: Int, width: Int,
    draw: (_ upperBound: UInt32) -> UInt32
  ) -> ImageWindow {
    func uniform(in range: ClosedRange<Double>) -> Double {
      range.lowerBound
        + (range.upperBound - range.lowerBound) * (Double(draw(1 << 24)) * 0x1p-24)
    }
    func integer(below upperBound: Int) -> Int { Int(draw(UInt32(clamping: upperBound))) }
    let logarithms = log(aspects.lowerBound)...log(aspects.upperBound)
    for _ in 0..<10 {
      let pixelCount = Double(height * width) * uniform(in: area)
      let aspect = exp(uniform(in: logarithms))
      let cropWidth = Int((pixelCount * aspect).squareRoot().rounded(.toNearestOrEven))
      let cropHeight = Int((pixelCount / aspect).squareRoot().rounded(.toNearestOrEven))
      if (1...width).contains(cropWidth) && (1...height).contains(cropHeight) {
        let top = integer(below: height - cropHeight + 1)
        let left = integer(below: width - cropWidth + 1)
        return ImageWindow(rows: top..<top + cropHeight, columns: left..<left + cropWidth)
      }
    }
    return middle(ofHeight: height, width: width)
  }

  /// The middle of the image, without what is longer than the proportions allow.
  private static func middle(ofHeight height: Int, width: Int) -> ImageWindow {
    let aspect = Double(width) / Double(height)
    var (cropHeight, cropWidth) = (height, width)
    if aspect < aspects.lowerBound {
      cropHeight = Int((Double(width) / aspects.lowerBound).rounded(.toNearestOrEven))
    } else if aspect > aspects.upperBound {
      cropWidth = Int((Double(height) * aspects.upperBound).rounded(.toNearestOrEven))
    }
    let (top, left) = ((height - cropHeight) / 2, (width - cropWidth) / 2)
    return ImageWindow(rows: top..<top + cropHeight, columns: left..<left + cropWidth)
  }
}

extension RGBImage {
  /// The square that `CropPlan.resizedCrop` makes of the image.
  public func randomResizedCropped(
    size: Int, area: ClosedRange<Double>, draw: (_ upperBound: UInt32) -> UInt32
  ) -> RGBImage {
    cropped(by: .resizedCrop(size: size, area: area, ofHeight: height, width: width, draw: draw))
  }
}
