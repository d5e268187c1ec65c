import Foundation

extension RGBImage {
  /// A random rectangle of the image, brought to a square: torchvision's `RandomResizedCrop`.
  ///
  /// Draws up to ten times two numbers for the rectangle's part of the image's area and for its width
  /// over its height (between 3/4 and 4/3, evenly in its logarithm), each a multiple of 2⁻²⁴; of the
  /// first rectangle that fits into the image then the top and the left. Where none fits, the middle
  /// of the image is taken, as large as those proportions allow, and no place is drawn.
  /// Source: Szegedy et al. 2015; torchvision `transforms.RandomResizedCrop.get_params`.
  ///
  /// - Parameters:
  ///   - size: Side of the square that is returned.
  ///   - area: Least and greatest part of the image's area that the rectangle covers, in (0, 1].
  ///   - draw: Returns a random integer below its argument.
  /// - Returns: The square.
  /// - Precondition: `area` lies in (0, 1].
  public func randomResizedCropped(
    size: Int, area: ClosedRange<Double>, draw: (_ upperBound: UInt32) -> UInt32
  ) -> RGBImage {
    precondition(
      area.lowerBound > 0 && area.upperBound <= 1,
      "randomResizedCropped: the area \(area) is not within (0, 1]")
    return cropped(to: resizedCropWindow(area: area, draw: draw)).resized(height: size, width: size)
  }

  private static let aspects = 3.0 / 4...4.0 / 3

  /// The rectangle that the draws name.
  func resizedCropWindow(
    area: ClosedRange<Double>, draw: (_ upperBound: UInt32) -> UInt32
  ) -> ImageWindow {
    func uniform(in range: ClosedRange<Double>) -> Double {
      range.lowerBound
        + (range.upperBound - range.lowerBound) * (Double(draw(1 << 24)) * 0x1p-24)
    }
    func integer(below upperBound: Int) -> Int { Int(draw(UInt32(clamping: upperBound))) }
    let logarithms = log(Self.aspects.lowerBound)...log(Self.aspects.upperBound)
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
    return middle
  }

  /// The middle of the image, without what is longer than the proportions allow.
  private var middle: ImageWindow {
    let aspect = Double(width) / Double(height)
    var (cropHeight, cropWidth) = (height, width)
    if aspect < Self.aspects.lowerBound {
      cropHeight = Int((Double(width) / Self.aspects.lowerBound).rounded(.toNearestOrEven))
    } else if aspect > Self.aspects.upperBound {
      cropWidth = Int((Double(height) * Self.aspects.upperBound).rounded(.toNearestOrEven))
    }
    let (top, left) = ((height - cropHeight) / 2, (width - cropWidth) / 2)
    return ImageWindow(rows: top..<top + cropHeight, columns: left..<left + cropWidth)
  }
}
