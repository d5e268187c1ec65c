import ArrayFiles
public import ImageFiles

/// The crops of an image whose tokens are extracted.
public enum CropRecipe: String, Hashable, Sendable, CaseIterable {
  /// The ADM centre crop.
  case centre
  /// The ADM centre crop and its mirror image.
  case two
  /// The ADM centre crop at 1.1 times the size; of it the four corners (top left, top right, bottom
  /// left, bottom right) and the centre, then the same five of the mirror image.
  case ten

  /// Number of crops of an image.
  public var cropCount: Int {
    switch self {
    case .centre: 1
    case .two: 2
    case .ten: 10
    }
  }

  /// The crop that stands for the image where only one is looked at: the centre, not mirrored.
  public var centreIndex: Int {
    switch self {
    case .centre, .two: 0
    case .ten: 4
    }
  }

  /// A digest of the recipe for images of a size, as `xxh64:` and 16 hexadecimal digits.
  ///
  /// - Parameter size: Side of the square that the model takes.
  /// - Returns: The digest; changes whenever the recipe would give other pixels.
  public func digest(size: Int) -> String {
    var digest = ContentDigest()
    digest.update(Array("crops \(rawValue) version 1 size \(size)".utf8))
    return digest.prefixed
  }

  /// The crops of an image.
  ///
  /// - Parameters:
  ///   - image: The image as it is stored.
  ///   - size: Side of the squares.
  /// - Returns: `cropCount` squares.
  public func crops(of image: RGBImage, size: Int) -> [RGBImage] {
    switch self {
    case .centre:
      return [image.admCentreCropped(size: size)]
    case .two:
      let square = image.admCentreCropped(size: size)
      return [square, square.mirrored()]
    case .ten:
      // Cut off, not rounded, as the published extraction does: 281 for 256.
      let large = image.admCentreCropped(size: Int(Double(size) * 1.1))
      return Self.fiveCrops(of: large, size: size)
        + Self.fiveCrops(of: large.mirrored(), size: size)
    }
  }

  private static func fiveCrops(of image: RGBImage, size: Int) -> [RGBImage] {
    let end = image.height - size
    let corners = [(0, 0), (0, end), (end, 0), (end, end)].map { top, left in
      image.cropped(top: top, left: left, height: size, width: size)
    }
    return corners + [image.centreCropped(size: size, convention: .torchvision)]
  }
}
