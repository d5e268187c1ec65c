/// The checksum of zip archives: CRC-32 of ISO 3309, 16 bytes at a time.
///
/// The remainder of the bytes as a polynomial over GF(2), lowest bit first, modulo
/// `x³² + x²⁶ + x²³ + x²² + x¹⁶ + x¹² + x¹¹ + x¹⁰ + x⁸ + x⁷ + x⁵ + x⁴ + x² + x + 1`, complemented
/// before and after. A byte that others follow contributes what table `k` says, `k` being the number
/// of bytes behind it.
/// Source: PKWARE .ZIP File Format Specification 6.3.10, section 4.4.7; Kounavis and Berry 2005,
/// "A Systematic Approach to Building High Performance Software-Based CRC Generators".
package enum CyclicRedundancyCheck {
  private static let polynomial: UInt32 = 0xEDB8_8320
  private static let stepSize = 16

  /// `tables[256 k + b]`: the remainder of byte `b` with `k` zero bytes behind it.
  private static let tables: [UInt32] = {
    var tables = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { rest, _ in
        rest & 1 == 1 ? rest >> 1 ^ polynomial : rest >> 1
      }
    }
    for index in 256..<256 * stepSize {
      let before = tables[index - 256]
      tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
    }
    return tables
  }()

  /// The checksum of some bytes.
  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      var rest = UInt32.max
      var offset = 0
      while bytes.count - offset >= stepSize {
        let low = word(bytes, offset) ^ UInt64(rest)
        let high = word(bytes, offset + 8)
        rest = 0
        for place in 0..<8 {
          rest ^= tables[256 * (15 - place) + Int(low >> (8 * UInt64(place)) & 0xFF)]
          rest ^= tables[256 * (7 - place) + Int(high >> (8 * UInt64(place)) & 0xFF)]
        }
        offset += stepSize
      }
      while offset < bytes.count {
        rest = rest >> 8 ^ tables[Int((rest ^ UInt32(bytes[offset])) & 0xFF)]
        offset += 1
      }
      return ~rest
    }
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }
}
