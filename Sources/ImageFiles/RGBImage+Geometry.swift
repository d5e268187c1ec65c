/// How sides and offsets that are no whole numbers are rounded.
///
/// The published programs use two rules, and a crop that is one pixel off is another image.
public enum CropConvention: Sendable {
  /// torchvision's `Resize` and `CenterCrop`: the long side is cut off to a whole number, the offset
  /// of a centre crop is rounded, halves to even.
  case torchvision
  /// The ADM suite's: the long side is rounded, halves to even; the offset is cut off.
  case adm
}

extension RGBImage {
  /// The size of the image after its short side is brought to a given length.
  ///
  /// - Parameters:
  ///   - newShortSide: Length of the short side, at least 1.
  ///   - convention: Rounding of the long side.
  /// - Returns: Height and width.
  func size(withShortSide newShortSide: Int, convention: CropConvention) -> (
    height: Int, width: Int
  ) {
    func scaled(_ side: Int) -> Int {
      guard side != shortSide else { return newShortSide }
      switch convention {
      case .torchvision:
        return Int(Double(newShortSide * side) / Double(shortSide))
      case .adm:
        let scale = Double(newShortSide) / Double(shortSide)
        return Int((Double(side) * scale).rounded(.toNearestOrEven))
      }
    }
    return (scaled(height), scaled(width))
  }

  /// Brings the short side to a given length by bicubic resampling without aliasing.
  ///
  /// - Parameters:
  ///   - newShortSide: Length of the short side, at least 1.
  ///   - convention: Rounding of the long side.
  /// - Returns: The resized image.
  public func resized(shortSide newShortSide: Int, convention: CropConvention) -> RGBImage {
    let size = size(withShortSide: newShortSide, convention: convention)
    return resized(height: size.height, width: size.width, filter: .bicubic)
  }

  /// Cuts a rectangle out.
  ///
  /// - Precondition: The rectangle lies inside the image.
  public func cropped(top: Int, left: Int, height cropHeight: Int, width cropWidth: Int) -> RGBImage
  {
    precondition(
      top >= 0 && left >= 0 && cropHeight >= 1 && cropWidth >= 1 && top + cropHeight <= height
        && left + cropWidth <= width,
      "cropped: \(cropHeight) x \(cropWidth) at (\(top), \(left)) is not inside \(height) x \(width)"
    )
    guard cropHeight != height || cropWidth != width else { return self }
    var cropped: [UInt8] = []
    cropped.reserveCapacity(cropHeight * cropWidth * 3)
    for row in top..<top + cropHeight {
      let start = (row * width + left) * 3
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
    func offset(_ side: Int) -> Int {
      switch convention {
      case .torchvision: Int((Double(side - size) / 2).rounded(.toNearestOrEven))
      case .adm: (side - size) / 2
      }
    }
    return cropped(top: offset(height), left: offset(width), height: size, width: size)
  }

  /// The image with left and right exchanged.
  public func mirrored() -> RGBImage {
    var mirrored: [UInt8] = []
    mirrored.reserveCapacity(pixels.count)
    for row in 0..<height {
      for column in stride(from: width - 1, through: 0, by: -1) {
        let start = (row * width + column) * 3
        mirrored += pixels[start..<start + 3]
      }
    }
    return RGBImage(height: height, width: width, pixels: mirrored)
  }
}
