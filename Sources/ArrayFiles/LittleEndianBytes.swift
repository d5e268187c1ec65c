import Foundation

/// Bytes of a file by their offsets from its beginning, with numbers that have the low byte first.
///
/// Nothing is believed of an offset: beyond the end there is nil.
struct LittleEndianBytes {
  private let data: Data

  init(_ data: Data) { self.data = data }

  var count: Int { data.count }

  /// The number at an offset, or nil where the bytes end before it does.
  func number<Number: FixedWidthInteger & UnsignedInteger>(
    at offset: Int, as type: Number.Type = Number.self
  ) -> Number? {
    slice(at: offset, byteCount: Number.bitWidth / 8)?.reversed().reduce(0) { $0 << 8 | Number($1) }
  }

  /// The bytes at an offset, without copying them; nil where there are fewer.
  func slice(at offset: Int, byteCount: Int) -> Data? {
    guard offset >= 0, byteCount >= 0, offset <= count, byteCount <= count - offset else {
      return nil
    }
    let start = data.startIndex + offset
    return data[start..<start + byteCount]
  }

  /// Whether these bytes stand at an offset.
  func contains(_ bytes: [UInt8], at offset: Int) -> Bool {
    slice(at: offset, byteCount: bytes.count).map { $0.elementsEqual(bytes) } ?? false
  }
}
