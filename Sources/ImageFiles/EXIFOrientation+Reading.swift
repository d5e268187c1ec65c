extension EXIFOrientation {
  /// The orientation of an image file: that of its EXIF block, else that of its XMP packet, else upright.
  ///
  /// As Pillow's `ImageOps.exif_transpose`: a block that begins as none is an error, one that breaks off
  /// says what it says until there, and a number that is no orientation says nothing.
  ///
  /// - Parameters:
  ///   - bytes: A file that can be decoded.
  ///   - name: What to call the image in an error.
  /// - Throws: `ImageError.damaged` for an EXIF block that begins as none.
  init(ofFile bytes: [UInt8], name: String) throws(ImageError) {
    let annotations = ImageAnnotations(ofFile: bytes)
    var number: Int?
    if let exif = annotations.exif {
      do {
        number = try EXIFBlock(exif)?.number(ofTag: EXIFBlock.orientationTag)
      } catch {
        throw .damaged(
          name: name, format: "EXIF", reason: "the block that says which side is up begins as none")
      }
    }
    if number == nil, let xmp = annotations.xmp { number = Self.number(inXMP: xmp) }
    self = number.flatMap(EXIFOrientation.init) ?? .upright
  }

  /// The digit behind the first `tiff:Orientation="` or `tiff:Orientation>`.
  private static func number(inXMP xmp: [UInt8]) -> Int? {
    let mark = Array("tiff:Orientation".utf8)
    for start in xmp.indices where xmp[start...].starts(with: mark) {
      let rest = xmp[(start + mark.count)...]
      let openings = ["=\"", ">"].map { Array($0.utf8) }
      guard let opening = openings.first(where: { rest.starts(with: $0) }),
        let digit = rest.dropFirst(opening.count).first
      else { continue }
      if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
        return Int(digit - UInt8(ascii: "0"))
      }
    }
    return nil
  }
}

/// An EXIF block: a TIFF file of tags without a picture (TIFF 6.0, section 2).
private struct EXIFBlock {
  static let orientationTag = 0x0112

  /// The block's beginning is not that of a TIFF file.
  struct NotTIFF: Error {}

  private let bytes: ArraySlice<UInt8>
  private let isBigEndian: Bool

  /// A block with or without the name that JPEG puts in front of it; nil if it is empty.
  init?(_ block: [UInt8]) throws(NotTIFF) {
    let mark = Array("Exif\0\0".utf8)
    var rest = block[...]
    for _ in 0..<2 where rest.starts(with: mark) { rest = rest.dropFirst(mark.count) }
    if rest.isEmpty { return nil }
    guard rest.count >= 8 else { throw NotTIFF() }
    let order = Array(rest.prefix(2))
    let magic = Array(rest.dropFirst(2).prefix(2))
    guard order == Array("II".utf8) || order == Array("MM".utf8),
      magic == [42, 0] || magic == [0, 42]
    else { throw NotTIFF() }
    bytes = rest
    isBigEndian = order == Array("MM".utf8)
  }

  private func number(at offset: Int, byteCount: Int) -> Int? {
    isBigEndian
      ? bytes.bigEndian(at: offset, byteCount: byteCount)
      : bytes.littleEndian(at: offset, byteCount: byteCount)
  }

  /// Bytes of a value of each type of TIFF.
  private static let unitSizes = [
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8,
  ]

  /// The types of whole numbers, signed or not; a byte is none.
  private static let wholeNumberTypes: Set = [3, 4, 6, 8, 9, 13]

  /// The first value of a tag of the first directory; nil if it is not there before the block breaks
  /// off, or is no whole number.
  func number(ofTag wanted: Int) -> Int? {
    guard let directory = number(at: 4, byteCount: 4),
      let entryCount = number(at: directory, byteCount: 2)
    else { return nil }
    var valueByteCount = 0
    for entry in 0..<entryCount {
      let start = directory + 2 + 12 * entry
      guard let tag = number(at: start, byteCount: 2),
        let type = number(at: start + 2, byteCount: 2),
        let count = number(at: start + 4, byteCount: 4),
        let offset = number(at: start + 8, byteCount: 4)
      else { return nil }
      guard let unitSize = Self.unitSizes[type], count > 0 else { continue }
      let byteCount = count * unitSize
      if byteCount > 4 {
        valueByteCount += byteCount
        if valueByteCount > bytes.count { continue }
        if offset + byteCount > bytes.count { return nil }
      }
      if tag == wanted {
        let place = byteCount > 4 ? offset : start + 8
        return Self.wholeNumberTypes.contains(type)
          ? number(at: place, byteCount: unitSize) : nil
      }
    }
    return nil
  }
}
