import Foundation

/// Reads a pickle from its beginning to its end.
struct PickleCursor {
  private let data: Data
  private let source: String
  private let limit: Int
  /// The offset of the next byte.
  private(set) var offset: Int

  /// A cursor over the bytes of a file from an offset on.
  ///
  /// `source`: what to call the file in messages.
  init(_ data: Data, at offset: Int, source: String) {
    self.data = data
    self.offset = offset
    self.source = source
    limit = min(data.count - offset, SizeLimit.pickleByteCount) + offset
  }

  mutating func byte() throws -> UInt8 {
    guard offset < limit else { throw cutOff() }
    offset += 1
    return data[data.startIndex + offset - 1]
  }

  /// A number with the low byte first.
  mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type = Number.self
  ) throws -> Number {
    try bytes(Number.bitWidth / 8).reversed().reduce(0) { $0 << 8 | Number($1) }
  }

  /// The next bytes, not copied.
  mutating func bytes(_ byteCount: Int) throws -> Data {
    guard byteCount <= limit - offset else { throw cutOff() }
    let start = data.startIndex + offset
    offset += byteCount
    return data[start..<start + byteCount]
  }

  /// A text whose length is claimed in front of it.
  mutating func text(byteCount: some BinaryInteger) throws -> String {
    let byteCount = try claimedSize(
      byteCount, field: "the length of a text at byte \(offset)", of: source,
      limit: min(limit - offset, SizeLimit.pickleTextByteCount))
    return try validated(bytes(byteCount))
  }

  /// A text that a line break ends.
  mutating func line() throws -> String {
    let start = data.startIndex + offset
    let longest = min(limit - offset, 256)
    guard let end = data[start..<start + longest].firstIndex(of: UInt8(ascii: "\n")) else {
      throw FormatProblem("no line ends within \(longest) bytes behind byte \(offset)")
    }
    offset = end - data.startIndex + 1
    return try validated(data[start..<end])
  }

  private func validated(_ bytes: Data) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FormatProblem("a text before byte \(offset) is no UTF-8")
    }
    return text
  }

  private func cutOff() -> FormatProblem {
    limit == data.count
      ? FormatProblem("the pickle is cut off at byte \(offset)")
      : FormatProblem("the pickle takes more than \(SizeLimit.pickleByteCount) bytes")
  }
}
