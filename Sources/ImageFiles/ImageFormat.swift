/// An image file format, told by the first bytes of a file.
public enum ImageFormat: String, Sendable {
  /// JPEG; decoded.
  case jpeg = "JPEG"
  /// PNG; decoded and encoded.
  case png = "PNG"
  /// WebP; recognised only.
  case webP = "WebP"
  /// GIF; recognised only.
  case gif = "GIF"
  /// BMP; recognised only.
  case bmp = "BMP"
  /// TIFF; recognised only.
  case tiff = "TIFF"

  /// Recognises the format of a file by its signature; nil if it is none of these.
  ///
  /// - Parameter bytes: The whole file, or at least its first 12 bytes.
  public init?(sniffing bytes: some Collection<UInt8>) {
    let head = Array(bytes.prefix(12))
    func begins(with signature: [UInt8], at offset: Int = 0) -> Bool {
      head.dropFirst(offset).starts(with: signature)
    }
    if begins(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if begins(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if begins(with: Array("RIFF".utf8)) && begins(with: Array("WEBP".utf8), at: 8) {
      self = .webP
    } else if begins(with: Array("GIF8".utf8)) {
      self = .gif
    } else if begins(with: Array("BM".utf8)) {
      self = .bmp
    } else if begins(with: Array("II*\0".utf8)) || begins(with: Array("MM\0*".utf8)) {
      self = .tiff
    } else {
      return nil
    }
  }
}
