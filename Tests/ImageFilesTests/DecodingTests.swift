import Foundation
import ImageFiles
import Testing

@Suite struct DecodingTests {
  @Test func everyKindOfJPEGDecodesAsInPillow() throws {
    let cases = try Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).jpeg
    #expect(cases.count == 9)
    for fixture in cases {
      let image = try RGBImage(decoding: [UInt8](fixture.file), name: fixture.name)
      #expect(image == fixture.image, "\(fixture.name)")
    }
  }

  @Test func everyKindOfPNGDecodesAsInPillow() throws {
    let cases = try Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).png
    #expect(cases.count == 22)
    for fixture in cases {
      let image = try RGBImage(decoding: [UInt8](fixture.file), name: fixture.name)
      #expect(image == fixture.image, "\(fixture.name)")
    }
  }

  @Test func everyTruncationIsAnError() throws {
    let cases = try Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self)
    for fixture in cases.jpeg + cases.png {
      for length in stride(from: 0, to: fixture.file.count - 1, by: 23) {
        #expect(throws: ImageError.self, "\(fixture.name) cut to \(length) bytes") {
          try RGBImage(decoding: [UInt8](fixture.file.prefix(length)), name: fixture.name)
        }
      }
      #expect(throws: ImageError.self, "\(fixture.name) without its last byte") {
        try RGBImage(decoding: [UInt8](fixture.file.dropLast()), name: fixture.name)
      }
    }
  }

  @Test func aFlippedByteInPNGDataIsAnError() throws {
    let fixture = try #require(
      Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).png.first { $0.name == "rgb" }
    )
    var bytes = [UInt8](fixture.file)
    bytes[bytes.count - 30] ^= 1
    let error = #expect(throws: ImageError.self) {
      try RGBImage(decoding: bytes, name: "class-3/a.png")
    }
    #expect(error?.description.contains("class-3/a.png") == true)
    #expect(error?.description.contains("damaged PNG") == true)
  }

  @Test func aRestartMarkerThatIsLostIsAnError() throws {
    let fixture = try #require(
      Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).jpeg.first {
        $0.name == "restart-markers"
      })
    var bytes = [UInt8](fixture.file)
    let marker = try #require(
      bytes.indices.dropLast().last { bytes[$0] == 0xFF && (0xD0...0xD7).contains(bytes[$0 + 1]) })
    bytes.removeSubrange(marker..<marker + 2)
    #expect(throws: ImageError.self) { try RGBImage(decoding: bytes, name: "image") }
  }

  @Test func foreignFilesAreNamed() {
    let webP = Array("RIFF".utf8) + [1, 0, 0, 0] + Array("WEBPVP8 ".utf8)
    #expect(throws: ImageError.unsupportedFormat(name: "a.webp", format: "WebP")) {
      try RGBImage(decoding: webP, name: "a.webp")
    }
    #expect(throws: ImageError.unsupportedFormat(name: "a.jpg", format: "GIF")) {
      try RGBImage(decoding: Array("GIF89a".utf8), name: "a.jpg")
    }
    #expect(throws: ImageError.notAnImage(name: "notes.txt")) {
      try RGBImage(decoding: Array("hello".utf8), name: "notes.txt")
    }
    #expect(throws: ImageError.notAnImage(name: "empty.png")) {
      try RGBImage(decoding: [], name: "empty.png")
    }
  }

  @Test func aHeaderOfAbsurdSizeIsRefusedBeforeMemoryIsTaken() throws {
    let fixture = try #require(
      Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).jpeg.first {
        $0.name == "grey"
      })
    var bytes = [UInt8](fixture.file)
    // Behind the start-of-frame marker: length (2), precision (1), height (2), width (2).
    let frame = try #require(
      bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0x00, 0xFF, 0x00])
    #expect(throws: ImageError.implausibleSize(name: "huge", height: 65280, width: 65280)) {
      try RGBImage(decoding: bytes, name: "huge")
    }
  }
}
