/// An image file format, told by the first bytes of a file.
public enum ImageFormat: String, Sendable {
  /// JPEG; decoded.
  case jpeg = "JPEG"
  /// PNG; decoded and encoded.
  case png = "PNG"
  /// WebP; decoded.
  case webP = "WebP"
  /// GIF; recognised only.
  case gif = "GIF"
  /// BMP; recognised only.
  case bmp = "BMP"
  /// TIFF; recognised only.
  case tiff = "TIFF"
  /// AVIF; recognised only.
  case avif = "AVIF"
  /// HEIC or HEIF; recognised only.
  case heic = "HEIC"
  /// JPEG 2000, a file or a bare code stream; recognised only.
  case jpeg2000 = "JPEG 2000"
  /// JPEG XL, a file or a bare code stream; recognised only.
  case jpegXL = "JPEG XL"
  /// Photoshop; recognised only.
  case photoshop = "Photoshop"

  /// Recognises the format of a file by its signature; nil if it is none of these.
  ///
  /// - Parameter bytes: The whole file, or at least its first 12 bytes.
  public init?(sniffing bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(12))
    func begins(with signature: [UInt8], at offset: Int = 0) -> Bool {
      head.dropFirst(offset).starts(with: signature)
    }
    let match = Self.signatures.first { begins(with: $0.bytes, at: $0.offset) }
    guard let match else {
      guard begins(with: Array("ftyp".utf8), at: 4) else { return nil }
      let brand = String(decoding: head[8...], as: UTF8.self)
      guard let format = Self.brands[brand] else { return nil }
      self = format
      return
    }
    // A container of other things, too.
    if match.format == .webP && !begins(with: Array("WEBP".utf8), at: 8) { return nil }
    self = match.format
  }

  private static let signatures: [(bytes: [UInt8], offset: Int, format: ImageFormat)] = [
    ([0xFF, 0xD8, 0xFF], 0, .jpeg),
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], 0, .png),
    (Array("RIFF".utf8), 0, .webP), (Array("GIF8".utf8), 0, .gif), (Array("BM".utf8), 0, .bmp),
    (Array("II*\0".utf8), 0, .tiff), (Array("MM\0*".utf8), 0, .tiff),
    (Array("8BPS".utf8), 0, .photoshop), (Array("jP  ".utf8), 4, .jpeg2000),
    ([0xFF, 0x4F, 0xFF, 0x51], 0, .jpeg2000), (Array("JXL ".utf8), 4, .jpegXL),
    ([0xFF, 0x0A], 0, .jpegXL),
  ]

  /// What the first box of an ISO base media file calls its kind.
  private static let brands: [String: ImageFormat] = [
    "avif": .avif, "avis": .avif, "heic": .heic, "heix": .heic, "hevc": .heic, "mif1": .heic,
    "msf1": .heic,
  ]
}
