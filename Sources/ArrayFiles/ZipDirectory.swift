import CZlib
import Foundation

/// The entries of a zip archive in which all are stored as they are, where they lie in the file.
///
/// Nothing is unpacked, so that an archive takes no more memory than its file. A compressed or
/// encrypted entry, one of a name that occurs twice, and one that overlaps another are refused: no
/// program that stores weights writes such, but archives that are to exhaust memory have them.
/// libarchive, which reads `.npz`, copies every entry and takes directories that contradict themselves.
///
///     entries | directory | zip64: end of directory, its place | end of directory
///
/// Source: PKWARE .ZIP File Format Specification 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3.
struct ZipDirectory {
  /// One entry.
  struct Entry {
    let name: String
    /// Where its header begins.
    let headerOffset: Int
    /// The bytes of its content in the file.
    let content: Range<Int>
    /// CRC-32 of the content.
    let checksum: UInt32
  }

  static let signature: [UInt8] = [0x50, 0x4B, 3, 4]

  /// The entries in the order of the directory.
  let entries: [Entry]
  private let positions: [String: Int]
  private let bytes: LittleEndianBytes
  private let path: String

  /// Reads the directory of an archive.
  ///
  /// - Throws: `ArrayFileError`, `SizeError`.
  init(_ data: Data, path: String) throws {
    bytes = LittleEndianBytes(data)
    self.path = path
    let frame = try ZipDirectoryFrame(bytes, path: path)
    var entries: [Entry] = []
    var positions: [String: Int] = [:]
    var offset = frame.range.lowerBound
    for _ in 0..<frame.entryCount {
      let header = try ZipEntryHeader(
        bytes, at: offset, in: frame.range, path: path)
      let entry = try header.entry(in: bytes, endingBefore: frame.range.lowerBound, path: path)
      guard positions.updateValue(entries.count, forKey: entry.name) == nil else {
        throw Self.malformed(path, "it occurs twice", entry.name)
      }
      entries.append(entry)
      offset = header.end
    }
    guard offset == frame.range.upperBound else {
      throw Self.malformed(
        path, "\(frame.range.upperBound - offset) bytes follow the last entry of the directory")
    }
    try Self.requireDisjoint(entries, path: path)
    self.entries = entries
    self.positions = positions
  }

  /// The entry of a name.
  func entry(_ name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// The content of an entry, not copied, after its checksum was compared.
  ///
  /// - Throws: `ArrayFileError` when the checksum is another one.
  func content(of entry: Entry) throws -> Data {
    let content =
      bytes.slice(at: entry.content.lowerBound, byteCount: entry.content.count) ?? Data()
    let found = content.withUnsafeBytes { bytes in
      UInt32(crc32_z(0, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
    }
    guard found == entry.checksum else {
      let (actual, claimed) = (
        zeroPadded(found, digitCount: 8, radix: 16),
        zeroPadded(entry.checksum, digitCount: 8, radix: 16)
      )
      throw Self.malformed(
        path, "its checksum is \(actual), the directory says \(claimed)", entry.name)
    }
    return content
  }

  static func malformed(_ path: String, _ problem: String, _ name: String? = nil)
    -> ArrayFileError
  {
    ArrayFileError(file: path, array: name, problem: problem, advice: damagedFileAdvice)
  }

  private static func requireDisjoint(_ entries: [Entry], path: String) throws {
    var end = 0
    for entry in entries.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      guard entry.headerOffset >= end else {
        throw malformed(path, "it begins inside the entry before it", entry.name)
      }
      end = entry.content.upperBound
    }
  }
}

/// Where the directory of a zip archive lies, and how many entries it has.
struct ZipDirectoryFrame {
  let range: Range<Int>
  let entryCount: Int

  private static let endSignature: [UInt8] = [0x50, 0x4B, 5, 6]
  private static let endSize = 22
  private static let wideEndSignature: [UInt8] = [0x50, 0x4B, 6, 6]
  private static let wideEndSize = 56
  private static let locatorSignature: [UInt8] = [0x50, 0x4B, 6, 7]
  private static let locatorSize = 20
  /// The least that the directory says of an entry.
  private static let leastHeaderSize = 46

  /// Finds the directory from the end of the file.
  init(_ bytes: LittleEndianBytes, path: String) throws {
    guard let end = Self.end(in: bytes), let count: UInt16 = bytes.number(at: end + 10),
      let size: UInt32 = bytes.number(at: end + 12), let offset: UInt32 = bytes.number(at: end + 16)
    else {
      throw ZipDirectory.malformed(path, "a zip archive without the directory at its end")
    }
    let locator = end - Self.locatorSize
    guard bytes.contains(Self.locatorSignature, at: locator) else {
      try self.init(
        entryCount: UInt64(count), offset: UInt64(offset), size: UInt64(size), endingBefore: end,
        path: path)
      return
    }
    let wide = try claimedSize(
      bytes.number(at: locator + 8, as: UInt64.self) ?? .max,
      field: "the place of the zip64 directory's end", of: path, limit: locator)
    guard wide <= locator - Self.wideEndSize, bytes.contains(Self.wideEndSignature, at: wide),
      let count: UInt64 = bytes.number(at: wide + 32),
      let size: UInt64 = bytes.number(at: wide + 40),
      let offset: UInt64 = bytes.number(at: wide + 48)
    else {
      throw ZipDirectory.malformed(path, "the zip64 directory's end is not where it should be")
    }
    try self.init(
      entryCount: count, offset: offset, size: size, endingBefore: wide, path: path)
  }

  private init(
    entryCount: UInt64, offset: UInt64, size: UInt64, endingBefore end: Int, path: String
  ) throws {
    let upper = try claimedSize(
      sum: [offset, size], field: "the directory's place and size", of: path, limit: end)
    // Neither can be beyond their sum.
    range = Int(offset)..<upper
    self.entryCount = try claimedSize(
      entryCount, field: "the number of entries", of: path,
      limit: min(SizeLimit.archiveEntryCount, range.count / Self.leastHeaderSize))
  }

  /// The offset of the end of the directory, behind which there is a comment alone.
  private static func end(in bytes: LittleEndianBytes) -> Int? {
    let last = bytes.count - endSize
    guard last >= 0 else { return nil }
    return stride(from: last, through: max(0, last - Int(UInt16.max)), by: -1).first { offset in
      bytes.contains(endSignature, at: offset)
        && bytes.number(at: offset + 20, as: UInt16.self).map(Int.init) == last - offset
    }
  }
}
