/// Which way up a picture is taken.
public enum ImageOrientation: Sendable, Hashable {
  /// As its pixels are stored; what the file says about the camera is ignored.
  case stored
  /// Turned and mirrored as the file's EXIF block says.
  case upright
}

/// How a picture is turned or mirrored to stand upright, numbered as in EXIF (CIPA DC-008, tag 0x0112).
enum EXIFOrientation: Int {
  /// Nothing to do.
  case upright = 1
  /// Left and right are exchanged.
  case mirrored
  /// Turned by half.
  case upsideDown
  /// Top and bottom are exchanged.
  case flipped
  /// Rows and columns are exchanged.
  case transposed
  /// Turned clockwise by a quarter.
  case turnedRight
  /// Turned by half, and rows and columns exchanged.
  case transverse
  /// Turned against the clock by a quarter.
  case turnedLeft

  /// Whether height and width are exchanged.
  var exchangesSides: Bool { rawValue >= 5 }
}

extension RGBImage {
  /// The picture turned and mirrored.
  func turned(by orientation: EXIFOrientation) -> RGBImage {
    let last = height * width - 1
    // Where the first pixel is taken from, and the distances to the one below and the one beside.
    let (first, down, right) =
      switch orientation {
      case .upright: (0, width, 1)
      case .mirrored: (width - 1, width, -1)
      case .upsideDown: (last, -width, -1)
      case .flipped: (last - width + 1, -width, 1)
      case .transposed: (0, 1, width)
      case .turnedRight: (last - width + 1, 1, -width)
      case .transverse: (last, -1, -width)
      case .turnedLeft: (width - 1, -1, width)
      }
    if orientation == .upright { return self }
    let sides = orientation.exchangesSides ? (width, height) : (height, width)
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { output, count in
      pixels.withUnsafeBufferPointer { pixels in
        for row in 0..<sides.0 {
          var source = 3 * (first + row * down)
          for _ in 0..<sides.1 {
            output[count] = pixels[source]
            output[count + 1] = pixels[source + 1]
            output[count + 2] = pixels[source + 2]
            count += 3
            source += 3 * right
          }
        }
      }
    }
    return RGBImage(height: sides.0, width: sides.1, pixels: turned)
  }
}
