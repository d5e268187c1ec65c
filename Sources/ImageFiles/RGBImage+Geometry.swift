/// How sides and offsets that are no whole numbers are rounded.
///
/// The published programs use two rules, and a crop that is one pixel off is another image.
public enum CropConvention: Sendable {
  /// torchvision's `Resize` and `CenterCrop`: the long side is cut off to a whole number, the offset
  /// of a centre crop is rounded, halves to even.
  case torchvision
  /// The ADM suite's: the long side is rounded, halves to even; the offset is cut off.
  case adm

  /// The size of an image after its short side is brought to a given length.
  ///
  /// - Parameters:
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  ///   - newShortSide: Length of the short side, at least 1.
  /// - Returns: Height and width.
  /// - Precondition: `newShortSide` is at most `RGBImage.shortSideLimit`.
  func size(ofHeight height: Int, width: Int, withShortSide newShortSide: Int) -> (
    height: Int, width: Int
  ) {
    precondition(
      newShortSide >= 1 && newShortSide <= RGBImage.shortSideLimit,
      "resized: a short side of \(newShortSide), expected 1 to \(RGBImage.shortSideLimit)")
    let shortSide = min(height, width)
    func scaled(_ side: Int) -> Int {
      guard side != shortSide else { return newShortSide }
      switch self {
      case .torchvision:
        return Int(Double(newShortSide * side) / Double(shortSide))
      case .adm:
        let scale = Double(newShortSide) / Double(shortSide)
        return Int((Double(side) * scale).rounded(.toNearestOrEven))
      }
    }
    return (scaled(height), scaled(width))
  }
}

extension RGBImage {
  /// The longest that a short side is resized to.
  ///
  /// Its product with a side of any image (`pixelCountLimit`, less than 2^28) is exact in a `Double`.
  public static let shortSideLimit = 1 << 24

  /// Brings the short side to a given length by bicubic resampling without aliasing.
  ///
  /// The whole of an elongated image may be very large; what is cropped afterwards should be planned
  /// instead.
  ///
  /// - Parameters:
  ///   - newShortSide: Length of the short side, at least 1.
  ///   - convention: Rounding of the long side.
  /// - Returns: The resized image.
  public func resized(shortSide newShortSide: Int, convention: CropConvention) -> RGBImage {
    let size = convention.size(ofHeight: height, width: width, withShortSide: newShortSide)
    return resized(height: size.height, width: size.width)
  }

  /// Cuts a rectangle out.
  ///
  /// - Precondition: The rectangle lies inside the image.
  public func cropped(top: Int, left: Int, height cropHeight: Int, width cropWidth: Int) -> RGBImage
  {
    cropped(
      to: ImageWindow(rows: top..<top + cropHeight, columns: left..<left + cropWidth))
  }

  /// Cuts a window out.
  ///
  /// - Precondition: The window has pixels and lies inside the image.
  func cropped(to window: ImageWindow) -> RGBImage {
    window.requireInside(height: height, width: width)
    let (cropHeight, cropWidth) = (window.rows.count, window.columns.count)
    guard cropHeight != height || cropWidth != width else { return self }
    var cropped: [UInt8] = []
    cropped.reserveCapacity(cropHeight * cropWidth * 3)
    for row in window.rows {
      let start = (row * width + window.columns.lowerBound) * 3
      cropped += pixels[start..<start + cropWidth * 3]
    }
    return RGBImage(height: cropHeight, width: cropWidth, pixels: cropped)
  }

  /// Cuts a square out of the middle.
  ///
  /// - Parameters:
  ///   - size: Side of the square, at most the short side.
  ///   - convention: Rounding of the offsets.
  /// - Returns: The square.
  /// - Precondition: `size` is at most the short side.
  public func centreCropped(size: Int, convention: CropConvention) -> RGBImage {
    cropped(to: .centre(size, ofHeight: height, width: width, convention: convention))
  }

  /// The image with left and right exchanged.
  public func mirrored() -> RGBImage {
    turned(by: .mirrored)
  }
}
