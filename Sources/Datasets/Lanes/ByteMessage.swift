/// Writes numbers, strings and bytes into one message, little-endian.
struct ByteMessageWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ array: [UInt8]) {
    write(UInt32(array.count))
    bytes.append(contentsOf: array)
  }

  mutating func write(_ text: String) { write(Array(text.utf8)) }
}

/// Reads what a `ByteMessageWriter` wrote, in the same order.
struct ByteMessageReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func read<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer {
    let size = Integer.bitWidth / 8
    precondition(
      position + size <= bytes.count,
      "ByteMessageReader: \(size) bytes at \(position) of \(bytes.count)")
    var value: Integer = 0
    for offset in (0..<size).reversed() {
      value = (value << 8) | Integer(truncatingIfNeeded: bytes[position + offset])
    }
    position += size
    return value
  }

  mutating func readBytes() -> [UInt8] {
    let count = Int(read(UInt32.self))
    precondition(
      position + count <= bytes.count,
      "ByteMessageReader: \(count) bytes at \(position) of \(bytes.count)")
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func readText() -> String { String(decoding: readBytes(), as: UTF8.self) }
}
