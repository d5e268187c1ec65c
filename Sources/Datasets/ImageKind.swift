import ArrayFiles
public import ImageFiles

/// How the images of a data set are stored.
public enum ImageKind: Hashable, Sendable {
  /// Raw pixels, `[height, width, 3]` of every image; all images have one size.
  case rgb8(height: Int, width: Int)
  /// JPEG, PNG or WebP files as they are.
  case encoded

  /// Raw pixels of a height and a width that a file claims.
  ///
  /// - Throws: `SizeError` where a side is not positive or an image would have more pixels than
  ///   `RGBImage.pixelCountLimit`.
  static func claimedRGB8(
    height: some BinaryInteger, width: some BinaryInteger, of source: String
  ) throws(SizeError) -> ImageKind {
    let limit = RGBImage.pixelCountLimit
    let sides = [
      try claimedSize(height, field: "height", of: source, atLeast: 1, limit: limit),
      try claimedSize(width, field: "width", of: source, atLeast: 1, limit: limit),
    ]
    _ = try claimedSize(product: sides, field: "height x width", of: source, limit: limit)
    return .rgb8(height: sides[0], width: sides[1])
  }

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
    try image(of: sample) { CropPlan(height: $0, width: $1) }
  }

  /// What a plan makes of the image that stored bytes stand for, and no more of it.
  ///
  /// - Parameters:
  ///   - sample: A sample of a data set of this kind.
  ///   - plan: Makes the plan for the image's height and width.
  /// - Returns: The plan's result.
  /// - Throws: As `image(of:)`.
  func image(
    of sample: Sample, croppedBy plan: (_ height: Int, _ width: Int) -> CropPlan
  ) throws(DataError) -> RGBImage {
    switch self {
    case .rgb8(let height, let width):
      guard sample.bytes.count == height * width * 3 else {
        throw sample.error(
          "it has \(sample.bytes.count) bytes, expected \(height) x \(width) x 3 = "
            + "\(height * width * 3)")
      }
      let image = RGBImage(height: height, width: width, pixels: sample.bytes)
      return image.cropped(by: plan(height, width))
    case .encoded:
      do {
        return try RGBImage(decoding: sample.bytes, name: "image", croppedBy: plan)
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
      do {
        self = try .claimedRGB8(height: height, width: width, of: "image")
      } catch {
        throw DecodingError.dataCorruptedError(
          forKey: .height, in: values, debugDescription: error.problem)
      }
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
