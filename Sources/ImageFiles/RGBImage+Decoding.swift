import ArrayFiles
import CImageCodecs

extension RGBImage {
  /// Decodes a JPEG or PNG file to RGB.
  ///
  /// Colours come out as Pillow's `Image.open(file).convert("RGB")` gives them: grey is repeated,
  /// palettes are looked up, alpha and transparency are dropped (not composited), gamma and colour
  /// profiles and the EXIF orientation are ignored, CMYK JPEG is read with Adobe's inverted inks.
  /// 16-bit samples keep their high byte; Pillow does so too, except for grey without alpha, which
  /// it cuts off at 255 and so turns white.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: What to call the image in an error: its path, or its shard and key.
  /// - Throws: `ImageError` if the format is unknown or unsupported, or if the data are damaged or
  ///   end too early; a part of an image is never returned. No memory is taken for the pixels of an
  ///   image that the file is too small to hold.
  public init(decoding bytes: [UInt8], name: String) throws(ImageError) {
    switch ImageFormat(sniffing: bytes) {
    case nil:
      throw .notAnImage(name: name)
    case .jpeg:
      self = try Self.decode(
        bytes, name: name, format: .jpeg, readHeader: CImageCodecs_jpegHeader,
        decode: CImageCodecs_decodeJPEG)
    case .png:
      self = try Self.decode(
        bytes, name: name, format: .png, readHeader: CImageCodecs_pngHeader,
        decode: CImageCodecs_decodePNG)
    case .some(let format):
      throw .unsupportedFormat(name: name, format: format.rawValue)
    }
  }

  /// Bytes of the pixels that a file's header announces; 0 where it cannot be read or believed.
  package static func announcedByteCount(of bytes: [UInt8]) -> Int {
    let readHeader: HeaderReader
    switch ImageFormat(sniffing: bytes) {
    case .jpeg: readHeader = CImageCodecs_jpegHeader
    case .png: readHeader = CImageCodecs_pngHeader
    default: return 0
    }
    var header = CImageCodecsHeader()
    guard failureMessage({ readHeader(bytes, bytes.count, &header, $0) }) == nil else { return 0 }
    let pixelCount = try? claimedSize(
      product: [Int(header.size.height), Int(header.size.width)], field: "height x width",
      of: "image", limit: pixelCountLimit)
    return 3 * (pixelCount ?? 0)
  }

  private typealias Message = UnsafeMutablePointer<CChar>?
  private typealias HeaderReader = (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<CImageCodecsHeader>?, Message
  ) -> CInt
  private typealias Decoder = (
    UnsafePointer<UInt8>?, Int, CImageCodecsSize, UnsafeMutablePointer<UInt8>?, Message
  ) -> CInt

  private static func decode(
    _ bytes: [UInt8], name: String, format: ImageFormat, readHeader: HeaderReader,
    decode: Decoder
  ) throws(ImageError) -> RGBImage {
    var header = CImageCodecsHeader()
    let headerFailure = failureMessage { readHeader(bytes, bytes.count, &header, $0) }
    if let headerFailure {
      throw .damaged(name: name, format: format.rawValue, reason: headerFailure)
    }
    let size = header.size
    let height = Int(size.height)
    let width = Int(size.width)
    do {
      _ = try claimedSize(
        product: [height, width], field: "height x width", of: name, atLeast: 1,
        limit: pixelCountLimit)
    } catch {
      throw .implausibleSize(name: name, height: height, width: width)
    }
    guard bytes.count >= header.leastByteCount else {
      throw .tooFewBytes(
        name: name, height: height, width: width, byteCount: bytes.count,
        leastByteCount: Int(header.leastByteCount))
    }
    var failure: String?
    let pixels = [UInt8](unsafeUninitializedCapacity: height * width * 3) { buffer, count in
      failure = failureMessage { decode(bytes, bytes.count, size, buffer.baseAddress, $0) }
      count = failure == nil ? height * width * 3 : 0
    }
    if let failure {
      throw .damaged(name: name, format: format.rawValue, reason: failure)
    }
    return RGBImage(height: height, width: width, pixels: pixels)
  }
}

/// Runs one call into the codecs and returns what it left as its message if it failed.
func failureMessage(_ call: (UnsafeMutablePointer<CChar>?) -> CInt) -> String? {
  var message = [CChar](repeating: 0, count: CImageCodecs_messageSize)
  guard call(&message) != 0 else { return nil }
  let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  return String(decoding: text, as: UTF8.self)
}
