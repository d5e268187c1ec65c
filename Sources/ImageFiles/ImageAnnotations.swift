/// What a JPEG, PNG or WebP file says about the camera's position: its EXIF block and its XMP packet.
///
/// Found as Pillow finds them; the file is one that was decoded, so its order is not judged again.
struct ImageAnnotations {
  /// The EXIF block; nil if there is none.
  private(set) var exif: [UInt8]?
  /// The XMP packet; nil if there is none, or if it is compressed.
  private(set) var xmp: [UInt8]?

  /// Those of a file.
  init(ofFile bytes: [UInt8]) {
    switch ImageFormat(sniffing: bytes) {
    case .jpeg: readSegments(of: bytes)
    case .png: readChunks(of: bytes)
    case .webP: readRIFFChunks(of: bytes)
    default: break
    }
  }

  /// JPEG: segments before the first scan.
  ///
  /// Several EXIF blocks are the parts of one.
  private mutating func readSegments(of bytes: [UInt8]) {
    let exifMark = Array("Exif\0\0".utf8)
    let xmpMark = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    var position = 2
    while position + 1 < bytes.count {
      guard bytes[position] == 0xFF else {
        position += 1
        continue
      }
      let marker = bytes[position + 1]
      if marker == 0xDA { return }
      // Fill bytes, and markers that stand alone.
      guard marker != 0xFF else {
        position += 1
        continue
      }
      position += 2
      if marker <= 0x01 || (0xD0...0xD9).contains(marker) { continue }
      guard let length = bytes.bigEndian(at: position, byteCount: 2), length >= 2,
        position + length <= bytes.count
      else { return }
      let content = bytes[position + 2..<position + length]
      if marker == 0xE1 && content.starts(with: exifMark) {
        exif = (exif ?? []) + (exif == nil ? content : content.dropFirst(exifMark.count))
      } else if marker == 0xE1 && content.starts(with: xmpMark) {
        xmp = Array(content.dropFirst(xmpMark.count))
      }
      position += length
    }
  }

  /// PNG: the last `eXIf` chunk, and the last text of XMP.
  private mutating func readChunks(of bytes: [UInt8]) {
    // The key, and the zeros for no compression, language and translated key.
    let xmpMark = Array("XML:com.adobe.xmp\0\0\0\0\0".utf8)
    var position = 8
    while let length = bytes.bigEndian(at: position, byteCount: 4),
      position + 8 + length <= bytes.count
    {
      let content = bytes[position + 8..<position + 8 + length]
      switch String(decoding: bytes[position + 4..<position + 8], as: UTF8.self) {
      case "eXIf": exif = Array(content)
      case "iTXt" where content.starts(with: xmpMark):
        xmp = Array(content.dropFirst(xmpMark.count))
      case "IEND": return
      default: break
      }
      position += 12 + length
    }
  }

  /// WebP: the first `EXIF` and `XMP ` chunk of an extended file.
  private mutating func readRIFFChunks(of bytes: [UInt8]) {
    guard bytes.count >= 16, bytes[12..<16].elementsEqual("VP8X".utf8) else { return }
    var position = 12
    while let length = bytes.littleEndian(at: position + 4, byteCount: 4),
      position + 8 + length <= bytes.count
    {
      let content = bytes[position + 8..<position + 8 + length]
      switch String(decoding: bytes[position..<position + 4], as: UTF8.self) {
      case "EXIF" where exif == nil: exif = Array(content)
      case "XMP " where xmp == nil: xmp = Array(content)
      default: break
      }
      position += 8 + length + length % 2
    }
  }
}

extension Collection<UInt8> where Index == Int {
  /// An unsigned number with its most significant byte first; nil where it would go beyond the end.
  func bigEndian(at offset: Int, byteCount: Int) -> Int? {
    guard offset >= 0, offset + byteCount <= count else { return nil }
    let first = startIndex + offset
    return self[first..<first + byteCount].reduce(0) { $0 << 8 | Int($1) }
  }

  /// An unsigned number with its least significant byte first; nil where it would go beyond the end.
  func littleEndian(at offset: Int, byteCount: Int) -> Int? {
    guard offset >= 0, offset + byteCount <= count else { return nil }
    let first = startIndex + offset
    return self[first..<first + byteCount].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
