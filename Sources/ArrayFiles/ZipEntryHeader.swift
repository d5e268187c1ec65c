import Foundation

/// What the directory of a zip archive says of one entry.
struct ZipEntryHeader {
  /// The offset behind the header.
  let end: Int
  private let name: String
  private let byteCount: Int
  private let localOffset: Int
  private let checksum: UInt32

  private static let signature: [UInt8] = [0x50, 0x4B, 1, 2]
  private static let size = 46
  private static let localSize = 30
  private static let wideFieldsKey: UInt16 = 1

  /// Reads the header at an offset.
  init(_ bytes: LittleEndianBytes, at offset: Int, in directory: Range<Int>, path: String) throws {
    guard bytes.contains(Self.signature, at: offset),
      let flags: UInt16 = bytes.number(at: offset + 8),
      let method: UInt16 = bytes.number(at: offset + 10),
      let checksum: UInt32 = bytes.number(at: offset + 16),
      let nameSize: UInt16 = bytes.number(at: offset + 28),
      let extraSize: UInt16 = bytes.number(at: offset + 30),
      let commentSize: UInt16 = bytes.number(at: offset + 32)
    else {
      throw ZipDirectory.malformed(path, "no entry of the directory stands at byte \(offset)")
    }
    let variableSizes = [nameSize, extraSize, commentSize].map(Int.init)
    end = try claimedSize(
      sum: [offset, Self.size] + variableSizes, field: "the end of an entry of the directory",
      of: path, limit: directory.upperBound)
    name = try Self.name(bytes, at: offset + Self.size, byteCount: Int(nameSize), path: path)
    guard flags & 1 == 0 else {
      throw ZipDirectory.malformed(path, "it is encrypted", name)
    }
    guard method == 0 else {
      throw ArrayFileError(
        file: path, array: name, problem: "it is compressed (method \(method)), expected stored",
        advice: "Weights are stored as they are: write the file anew with torch.save.")
    }
    let extra =
      bytes.slice(at: offset + Self.size + Int(nameSize), byteCount: Int(extraSize)) ?? Data()
    let fields = try Self.fields(bytes, at: offset, extra: LittleEndianBytes(extra), path, name)
    guard fields.compressed == fields.size else {
      throw ZipDirectory.malformed(
        path, "it is stored in \(fields.compressed) bytes and claims \(fields.size)", name)
    }
    byteCount = try claimedSize(
      fields.size, field: "the size of '\(VisibleText.name(name))'", of: path, limit: bytes.count)
    localOffset = try claimedSize(
      fields.offset, field: "the place of '\(VisibleText.name(name))'", of: path,
      limit: bytes.count)
    self.checksum = checksum
  }

  /// The entry, after the header before its content was compared.
  func entry(in bytes: LittleEndianBytes, endingBefore directory: Int, path: String) throws
    -> ZipDirectory.Entry
  {
    guard bytes.contains(ZipDirectory.signature, at: localOffset),
      let nameSize: UInt16 = bytes.number(at: localOffset + 26),
      let extraSize: UInt16 = bytes.number(at: localOffset + 28),
      bytes.contains(Array(name.utf8), at: localOffset + Self.localSize),
      Int(nameSize) == name.utf8.count
    else {
      throw ZipDirectory.malformed(
        path, "it is not at byte \(localOffset), where the directory says", name)
    }
    let end = try claimedSize(
      sum: [localOffset, Self.localSize, Int(nameSize), Int(extraSize), byteCount],
      field: "the end of '\(VisibleText.name(name))'", of: path, limit: directory)
    return ZipDirectory.Entry(
      name: name, headerOffset: localOffset, content: end - byteCount..<end, checksum: checksum)
  }

  private static func name(
    _ bytes: LittleEndianBytes, at offset: Int, byteCount: Int, path: String
  ) throws -> String {
    guard let data = bytes.slice(at: offset, byteCount: byteCount),
      let name = String(validating: data, as: UTF8.self)
    else {
      throw ZipDirectory.malformed(path, "the name of an entry is no UTF-8")
    }
    return name
  }

  /// Sizes and place; each is among the extra fields where 32 bits are not enough.
  private static func fields(
    _ bytes: LittleEndianBytes, at offset: Int, extra: LittleEndianBytes, _ path: String,
    _ name: String
  ) throws -> (compressed: UInt64, size: UInt64, offset: UInt64) {
    var wide = wideFields(extra)[...]
    func field(at place: Int) throws -> UInt64 {
      guard let narrow: UInt32 = bytes.number(at: place) else { return .max }
      guard narrow == .max else { return UInt64(narrow) }
      guard let value = wide.popFirst() else {
        throw ZipDirectory.malformed(path, "its zip64 sizes are missing", name)
      }
      return value
    }
    // The order of the extra field is not that of the header.
    let size = try field(at: offset + 24)
    let compressed = try field(at: offset + 20)
    return (compressed, size, try field(at: offset + 42))
  }

  private static func wideFields(_ extra: LittleEndianBytes) -> [UInt64] {
    var offset = 0
    while let key: UInt16 = extra.number(at: offset),
      let size: UInt16 = extra.number(at: offset + 2)
    {
      if key == wideFieldsKey {
        return (0..<Int(size) / 8).compactMap { extra.number(at: offset + 4 + 8 * $0) }
      }
      offset += 4 + Int(size)
    }
    return []
  }
}
