import Foundation
import ImageFiles
import Testing

/// EXIF blocks that are unusual, in JPEG files; what they say of sound ones is among the golden tests.
@Suite struct OrientationTests {
  /// A JPEG file with some segments behind its first marker.
  private func jpeg(_ segments: [(UInt8, [UInt8])]) throws -> [UInt8] {
    let fixture = try #require(
      Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).jpeg.first {
        $0.name == "ycbcr-444"
      })
    var bytes = [UInt8](fixture.file)
    for (marker, content) in segments.reversed() {
      let length = content.count + 2
      bytes.insert(
        contentsOf: [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + content, at: 2)
    }
    return bytes
  }

  /// An EXIF block, most significant byte first, whose only entry has the tag of the orientation.
  private func block(type: UInt8 = 3, count: UInt8 = 1, value: [UInt8]) -> [UInt8] {
    Array("Exif\0\0MM\0*".utf8) + [0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, type, 0, 0, 0, count] + value
      + [0, 0, 0, 0]
  }

  /// Whether the picture is turned by a quarter.
  private func isTurned(_ segments: [(UInt8, [UInt8])]) throws -> Bool {
    let bytes = try jpeg(segments)
    let stored = try RGBImage(decoding: bytes, name: "x")
    let upright = try RGBImage(decoding: bytes, name: "x", orientation: .upright)
    if upright == stored { return false }
    #expect(upright.height == stored.width)
    return true
  }

  @Test func wholeNumbersOfAnyTypeCount() throws {
    #expect(try isTurned([(0xE1, block(value: [0, 6, 0, 0]))]))
    #expect(try isTurned([(0xE1, block(type: 4, value: [0, 0, 0, 6]))]))
    #expect(try !isTurned([(0xE1, block(type: 1, value: [6, 0, 0, 0]))]))
    #expect(try !isTurned([(0xE1, block(value: [0, 9, 0, 0]))]))
    #expect(try !isTurned([(0xE1, block(value: [0, 1, 0, 0]))]))
    #expect(try !isTurned([(0xE1, block(count: 0, value: [0, 6, 0, 0]))]))
  }

  @Test func aBlockThatBreaksOffCountsUntilThere() throws {
    let whole = block(value: [0, 6, 0, 0])
    #expect(try isTurned([(0xE1, whole.dropLast(4).map { $0 })]))
    #expect(try !isTurned([(0xE1, whole.dropLast(5).map { $0 })]))
    #expect(try !isTurned([(0xE1, Array("Exif\0\0".utf8))]))
    // Two blocks are the halves of one.
    let second = Array("Exif\0\0".utf8) + whole.dropFirst(20)
    #expect(try isTurned([(0xE1, Array(whole.prefix(20))), (0xE1, second)]))
  }

  @Test func aBlockThatBeginsAsNoneIsDamage() throws {
    for beginning in ["XX\0*\0\0\0\u{8}", "MM\0", "MM\0+\0\0\0\u{8}"] {
      let bytes = try jpeg([(0xE1, Array("Exif\0\0".utf8) + Array(beginning.utf8))])
      #expect(throws: Never.self) { try RGBImage(decoding: bytes, name: "x") }
      let error = #expect(throws: ImageError.self) {
        try RGBImage(decoding: bytes, name: "x", orientation: .upright)
      }
      #expect(error?.description.hasPrefix("x: damaged EXIF image") == true, "\(beginning)")
    }
  }

  @Test func anXMPPacketCountsWhereEXIFSaysNothing() throws {
    func packet(_ text: String) -> (UInt8, [UInt8]) {
      (0xE1, Array("http://ns.adobe.com/xap/1.0/\0<x \(text)/>".utf8))
    }
    #expect(try isTurned([packet("tiff:Orientation=\"8\"")]))
    #expect(try isTurned([packet("tiff:Orientation tiff:Orientation>5<")]))
    #expect(try !isTurned([packet("tiff:Orientation='8'")]))
    #expect(
      try !isTurned([packet("tiff:Orientation=\"8\""), (0xE1, block(value: [0, 1, 0, 0]))]))
  }
}
