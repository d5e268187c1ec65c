/// Writes numbers, strings and bytes into one message, little-endian.
struct ByteMessageWriter {
  private(set) var bytes: [UInt8] = []

  /// An empty message.
  ///
  /// - Parameter capacity: Bytes that it will have: while it grows, all of them would be copied again and again.
  init(capacity: Int) { bytes.reserveCapacity(capacity) }

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
///
/// Every count is compared with the bytes that follow it before memory is taken.
struct ByteMessageReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private var remainingCount: Int { bytes.count - position }

  mutating func read<Integer: FixedWidthInteger>(
    _ field: String, as type: Integer.Type = Integer.self
  ) throws(LaneMessageError) -> Integer {
    let size = Integer.bitWidth / 8
    guard size <= remainingCount else {
      throw error(field, "takes \(size) bytes, but \(remainingCount) are left")
    }
    var value: Integer = 0
    for offset in (0..<size).reversed() {
      value = (value << 8) | Integer(truncatingIfNeeded: bytes[position + offset])
    }
    position += size
    return value
  }

  /// A number of items that take at least so many bytes each.
  mutating func readCount(
    _ field: String, leastByteCount: Int
  ) throws(LaneMessageError) -> Int {
    let count = Int(try read(field, as: UInt32.self))
    guard count <= remainingCount / leastByteCount else {
      throw error(
        field,
        "is \(count), each of at least \(leastByteCount) bytes, but \(remainingCount) are left")
    }
    return count
  }

  mutating func readBytes(_ field: String) throws(LaneMessageError) -> [UInt8] {
    let count = try readCount("the size of \(field)", leastByteCount: 1)
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func readText(_ field: String) throws(LaneMessageError) -> String {
    guard let text = String(validating: try readBytes(field), as: UTF8.self) else {
      throw error(field, "is no UTF-8 text")
    }
    return text
  }

  /// Refuses bytes that nothing was said about.
  func requireEnd() throws(LaneMessageError) {
    guard remainingCount == 0 else {
      throw error("the end", "is followed by \(remainingCount) bytes")
    }
  }

  func error(_ field: String, _ problem: String) -> LaneMessageError {
    LaneMessageError(
      problem: "\(field) \(problem), at byte \(position) of \(bytes.count)")
  }
}

/// A message of samples from rank 0 that is not as its writer makes them.
package struct LaneMessageError: Error, Equatable, CustomStringConvertible {
  /// Which field, its value, and where it stands.
  package let problem: String

  /// What is wrong, and what to do.
  package var description: String {
    "a message of samples from rank 0 is damaged: \(problem). All ranks must run the same program; "
      + "if they do, suspect the network or the memory of this host or of rank 0's."
  }
}
