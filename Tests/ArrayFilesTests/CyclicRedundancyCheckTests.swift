import ArrayFiles
import Testing

@Suite("CRC-32") struct CyclicRedundancyCheckTests {
  private func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes(CyclicRedundancyCheck.checksum)
  }

  /// The check value of the catalogue of CRC algorithms for CRC-32/ISO-HDLC.
  @Test func publishedValue() {
    #expect(checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(checksum([]) == 0)
  }

  @Test func everyLengthAgreesWithBitByBit() {
    for count in 0...70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
      #expect(checksum(bytes) == StoredArchive.checksum(bytes), "\(count) bytes")
    }
  }
}
