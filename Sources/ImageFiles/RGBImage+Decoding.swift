import ArrayFiles
import CImageCodecs

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
    let stored = try RGBImage(decodingAsStored: bytes, name: name)
    switch orientation {
    case .stored: self = stored
    case .upright:
      self = try stored.turned(by: EXIFOrientation(ofFile: bytes, name: name))
    }
  }

  private init(decodingAsStored bytes: [UInt8], name: String) throws(ImageError) {
    let codec = try Self.codec(of: bytes, name: name)
    let header = try codec.header(of: bytes, name: name)
    let (height, width) = (Int(header.size.height), Int(header.size.width))
    guard bytes.count >= header.leastByteCount else {
      throw .tooFewBytes(
        name: name, height: height, width: width, byteCount: bytes.count,
        leastByteCount: Int(header.leastByteCount))
    }
    var failure: String?
    let pixels = [UInt8](unsafeUninitializedCapacity: height * width * 3) { buffer, count in
      failure = failureMessage {
        codec.decode(bytes, bytes.count, header.size, buffer.baseAddress, $0)
      }
      count = failure == nil ? height * width * 3 : 0
    }
    if let failure {
      throw .damaged(name: name, format: codec.format.rawValue, reason: failure)
    }
    self.init(height: height, width: width, pixels: pixels)
  }

  /// Bytes of the pixels that a file's header announces; 0 where it cannot be read or believed.
  package static func announcedByteCount(of bytes: [UInt8]) -> Int {
    guard let header = try? codec(of: bytes, name: "").header(of: bytes, name: "") else { return 0 }
    return 3 * Int(header.size.height) * Int(header.size.width)
  }

  private static func codec(of bytes: [UInt8], name: String) throws(ImageError) -> ImageCodec {
    switch ImageFormat(sniffing: bytes) {
    case nil: throw .notAnImage(name: name)
    case .jpeg:
      ImageCodec(
        format: .jpeg, readHeader: CImageCodecs_jpegHeader, decode: CImageCodecs_decodeJPEG)
    case .png:
      ImageCodec(format: .png, readHeader: CImageCodecs_pngHeader, decode: CImageCodecs_decodePNG)
    case .webP:
      ImageCodec(
        format: .webP, readHeader: CImageCodecs_webpHeader, decode: CImageCodecs_decodeWebP)
    case .some(let format): throw .unsupportedFormat(name: name, format: format.rawValue)
    }
  }
}

/// The functions of a library that decodes files of one format.
private struct ImageCodec {
  typealias Message = UnsafeMutablePointer<CChar>?

  let format: ImageFormat
  let readHeader:
    (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<CImageCodecsHeader>?, Message) -> CInt
  let decode:
    (UnsafePointer<UInt8>?, Int, CImageCodecsSize, UnsafeMutablePointer<UInt8>?, Message) -> CInt

  /// What a file announces, with a size that is believed.
  func header(of bytes: [UInt8], name: String) throws(ImageError) -> CImageCodecsHeader {
    var header = CImageCodecsHeader()
    let failure = failureMessage { readHeader(bytes, bytes.count, &header, $0) }
    if let failure { throw .damaged(name: name, format: format.rawValue, reason: failure) }
    let (height, width) = (Int(header.size.height), Int(header.size.width))
    do {
      _ = try claimedSize(
        product: [height, width], field: "height x width", of: name, atLeast: 1,
        limit: RGBImage.pixelCountLimit)
    } catch {
      throw .implausibleSize(name: name, height: height, width: width)
    }
    return header
  }
}

/// Runs one call into the codecs and returns what it left as its message if it failed.
func failureMessage(_ call: (UnsafeMutablePointer<CChar>?) -> CInt) -> String? {
  var message = [CChar](repeating: 0, count: CImageCodecs_messageSize)
  guard call(&message) != 0 else { return nil }
  let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  return String(decoding: text, as: UTF8.self)
}
