/// An 8-bit RGB image.
///
/// `pixels` is `[height, width, 3]`, rows from the top, channels red, green, blue.
public struct RGBImage: Equatable, Sendable {
  /// Number of rows.
  public let height: Int
  /// Number of columns.
  public let width: Int
  /// `[height, width, 3]`.
  public let pixels: [UInt8]

  /// More pixels than this in a header are taken for damage, not for an image.
  ///
  /// The bound is the one above which Pillow refuses to decode.
  public static let pixelCountLimit = 178_956_970

  /// Makes an image of given pixels.
  ///
  /// - Parameters:
  ///   - height: Number of rows, at least 1.
  ///   - width: Number of columns, at least 1.
  ///   - pixels: `[height, width, 3]`.
  /// - Precondition: `pixels` holds `height * width * 3` values.
  public init(height: Int, width: Int, pixels: [UInt8]) {
    precondition(
      height >= 1 && width >= 1, "RGBImage: an image of \(height) x \(width) has no pixels")
    precondition(
      pixels.count == height * width * 3,
      "RGBImage: \(height) x \(width) x 3 needs \(height * width * 3) values, got \(pixels.count)")
    self.height = height
    self.width = width
    self.pixels = pixels
  }

  /// Makes an image whose three channels are equal.
  ///
  /// - Parameters:
  ///   - height: Number of rows, at least 1.
  ///   - width: Number of columns, at least 1.
  ///   - grey: `[height, width]`.
  /// - Precondition: `grey` holds `height * width` values.
  public init(height: Int, width: Int, grey: [UInt8]) {
    self.init(height: height, width: width, pixels: grey.flatMap { [$0, $0, $0] })
  }

  /// Makes an image of one grey.
  ///
  /// - Parameters:
  ///   - height: Number of rows, at least 1.
  ///   - width: Number of columns, at least 1.
  ///   - value: What every channel of every pixel holds.
  public init(height: Int, width: Int, filledWith value: UInt8) {
    self.init(
      height: height, width: width,
      pixels: [UInt8](repeating: value, count: height * width * 3))
  }

  /// The length of the shorter side.
  public var shortSide: Int { min(height, width) }
}
