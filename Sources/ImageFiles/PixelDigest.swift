import ArrayFiles

/// The digest of the sizes and pixels of images in an order.
///
/// It is taken of a digest of each image, so that whoever has made an image can give its part. It depends neither on who
/// that was nor on the files that the images are in. Source: Docs/Evaluation.md, section 7.
public struct PixelDigest: Sendable {
  private var digest = ContentDigest()

  /// The digest of no images yet.
  public init() {}

  /// The digest of one image: of its height, its width and its pixels, as 16 hexadecimal digits.
  public static func of(_ image: RGBImage) -> String {
    var digest = ContentDigest()
    digest.update(elements: [UInt32(image.height), UInt32(image.width)])
    digest.update(image.pixels)
    return digest.hexadecimal
  }

  /// Takes in the next image.
  public mutating func add(_ image: RGBImage) { add(imageDigest: Self.of(image)) }

  /// Takes in the next image by its digest.
  ///
  /// - Parameter imageDigest: What `of(_:)` gave for it.
  public mutating func add(imageDigest: String) { digest.update(Array(imageDigest.utf8)) }

  /// The digest of all images so far, as `xxh64:` and 16 hexadecimal digits.
  public var prefixed: String { digest.prefixed }
}
