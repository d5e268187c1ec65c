import ArrayFiles
import Foundation
import TestSupport
import Testing

/// The buffer of xxHash's own self test: bytes of a multiplicative generator.
private let buffer: [UInt8] = {
  var state: UInt64 = 2_654_435_761
  return (0..<222).map { _ in
    defer { state &*= 11_400_714_785_074_694_797 }
    return UInt8(state >> 56)
  }
}()

@Suite("Content digest: XXH64")
struct ContentDigestTests {
  // The vectors of xxHash 0.8.1's self test, and its library's answers for 32 and 33 bytes.
  @Test(
    arguments: [
      (0, 0xEF46_DB37_51D8_E999, 0xAC75_FDA2_929B_17EF),
      (1, 0xE934_A84A_DB05_2768, 0x5014_6076_43A9_B4C3),
      (4, 0x9136_A0DC_A574_57EE, 0xCAAB_286B_D8E9_FDB5),
      (14, 0x8282_DCC4_994E_35C8, 0xC3BD_6BF6_3DEB_6DF0),
      (32, 0x18B2_1649_2BB4_4B70, 0xB3F3_3BDF_93AD_E409),
      (33, 0x55C8_DC3E_578F_5B59, 0xE92C_292F_64BC_3071),
      (222, 0xB641_AE8C_B691_C174, 0x20CB_8AB7_AE10_C14A),
    ] as [(Int, UInt64, UInt64)])
  func publishedVectors(count: Int, expected: UInt64, expectedWithSeed: UInt64) {
    var plain = ContentDigest()
    plain.update(Array(buffer.prefix(count)))
    #expect(plain.value == expected)
    var seeded = ContentDigest(seed: 2_654_435_761)
    seeded.update(Array(buffer.prefix(count)))
    #expect(seeded.value == expectedWithSeed)
  }

  @Test func piecesDoNotMatter() {
    var whole = ContentDigest()
    whole.update(buffer)
    for first in 0...buffer.count {
      var pieces = ContentDigest()
      pieces.update(Array(buffer.prefix(first)))
      pieces.update(Array(buffer.dropFirst(first).prefix(5)))
      pieces.update(Array(buffer.dropFirst(first + 5)))
      #expect(pieces.value == whole.value, "\(first) bytes first")
    }
  }

  @Test func text() {
    var digest = ContentDigest()
    #expect(digest.hexadecimal == "ef46db3751d8e999")
    digest.update(Array("abc".utf8))
    #expect(digest.hexadecimal == "44bc2cf5ad770999")
    #expect(hexadecimal(0xAB) == "00000000000000ab")
  }

  @Test func filesAndElements() throws {
    try withTemporaryDirectory { directory in
      let content = (0..<400_000).map { UInt32($0) &* 2_654_435_761 }
      let path = directory + "/file"
      try AtomicFile.write(to: path) { writer in
        try content.withUnsafeBytes { try writer.write($0) }
      }
      var digest = ContentDigest()
      digest.update(elements: content)
      #expect(try ContentDigest.ofFile(at: path).value == digest.value)
      #expect(throws: FileError.self) { try ContentDigest.ofFile(at: directory + "/absent") }
    }
  }
}
