extension RGBImage {
  /// Decodes a JPEG, PNG or WebP file to RGB.
  ///
  /// The bytes are those of Pillow's `Image.open(file).convert("RGB")`, and what it refuses is an error:
  /// Docs/Data.md, "Decoding".
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What to call the image in an error: its path, or its shard and key.
  ///   - orientation: Whether the picture is turned as its EXIF block says.
  /// - Throws: `ImageError` if the format is unknown or unsupported, or if the data are damaged or
  ///   end too early. No memory is taken for the pixels of an image that the file is too small to
  ///   hold.
  public init(
    decoding bytes: [UInt8], name: String, orientation: ImageOrientation = .stored
  ) throws(ImageError) {
    try self.init(decoding: bytes, name: name, orientation: orientation) { height, width in
      CropPlan(height: height, width: width)
    }
  }

  /// Decodes what a plan takes of a JPEG, PNG or WebP file, and does what it says.
  ///
  /// The bytes are those of the decoded image, cropped by the plan; of a JPEG file the pixels that the
  /// plan does not need are not computed. Damage is an error wherever it is.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What to call the image in an error: its path, or its shard and key.
  ///   - orientation: Whether the picture is turned as its EXIF block says.
  ///   - plan: Makes the plan for the image's height and width, upright if that is asked for; called
  ///     once, or not at all where the header is refused.
  /// - Throws: As without a plan.
  public init(
    decoding bytes: [UInt8], name: String, orientation: ImageOrientation = .stored,
    croppedBy plan: (_ height: Int, _ width: Int) -> CropPlan
  ) throws(ImageError) {
    let file = try ImageFile(bytes, name: name)
    switch orientation {
    case .stored:
      self = try plan(file.height, file.width).square { window throws(ImageError) in
        let window = file.decodable(window)
        return (try file.pixels(of: window), window.rows.lowerBound, window.columns.lowerBound)
      }
    case .upright:
      let upright = try file.pixels(of: file.whole).turned(
        by: EXIFOrientation(ofFile: bytes, name: name))
      self = upright.cropped(by: plan(upright.height, upright.width))
    }
  }

  /// Bytes of the pixels that a file's header announces; 0 where it cannot be read or believed.
  package static func announcedByteCount(of bytes: [UInt8]) -> Int {
    guard let file = try? ImageFile(bytes, name: "") else { return 0 }
    return 3 * file.height * file.width
  }
}
