public import ImageFiles

/// How the images of a data set are stored.
public enum ImageKind: Hashable, Sendable {
  /// Raw pixels, `[height, width, 3]` of every image; all images have one size.
  case rgb8(height: Int, width: Int)
  /// JPEG or PNG files as they are.
  case encoded

  /// Bytes of every image, or nil where they differ.
  public var fixedByteCount: Int? {
    switch self {
    case .rgb8(let height, let width): height * width * 3
    case .encoded: nil
    }
  }

  /// The name in files.
  var name: String {
    switch self {
    case .rgb8: "rgb8"
    case .encoded: "encoded"
    }
  }

  /// The image that stored bytes stand for.
  ///
  /// - Parameter sample: A sample of a data set of this kind.
  /// - Returns: The image at its stored size.
  /// - Throws: `DataError` that names the sample's file, index and key if the bytes are no image of
  ///   this kind.
  public func image(of sample: Sample) throws(DataError) -> RGBImage {
    switch self {
    case .rgb8(let height, let width):
      guard sample.bytes.count == height * width * 3 else {
        throw sample.error(
          "it has \(sample.bytes.count) bytes, expected \(height) x \(width) x 3 = "
            + "\(height * width * 3)")
      }
      return RGBImage(height: height, width: width, pixels: sample.bytes)
    case .encoded:
      do {
        return try RGBImage(decoding: sample.bytes, name: "image")
      } catch {
        throw sample.error("it cannot be decoded: \(error.reason)")
      }
    }
  }
}

extension ImageKind: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind
    case height
    case width
  }

  /// Reads `{"kind": "rgb8", "height": H, "width": W}` or `{"kind": "encoded"}`.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let kind = try values.decode(String.self, forKey: .kind)
    switch kind {
    case "rgb8":
      let height = try values.decode(Int.self, forKey: .height)
      let width = try values.decode(Int.self, forKey: .width)
      guard height > 0, width > 0, height <= RGBImage.pixelCountLimit / width else {
        throw DecodingError.dataCorruptedError(
          forKey: .height, in: values, debugDescription: "\(height) x \(width) is no image size")
      }
      self = .rgb8(height: height, width: width)
    case "encoded":
      self = .encoded
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: values,
        debugDescription: "the image kind is '\(kind)', expected 'rgb8' or 'encoded'")
    }
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .kind)
    if case .rgb8(let height, let width) = self {
      try values.encode(height, forKey: .height)
      try values.encode(width, forKey: .width)
    }
  }
}
