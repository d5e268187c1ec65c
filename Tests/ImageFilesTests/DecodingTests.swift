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

  /// What is cut off behind the last row does not matter; a picture that lacks rows is never returned.
  @Test func everyTruncationIsAnErrorOrTheWholePicture() throws {
    let cases = try Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self)
    for fixture in cases.jpeg + cases.png {
      for length in 0..<fixture.file.count {
        let part = [UInt8](fixture.file.prefix(length))
        let image = try? RGBImage(decoding: part, name: fixture.name)
        #expect(
          image == nil || image == fixture.image, "\(fixture.name) cut to \(length) bytes")
        if length < fixture.file.count - 24 { #expect(image == nil, "\(fixture.name), \(length)") }
      }
    }
  }

  @Test func aPNGWithoutItsEndIsRead() throws {
    let cases = try Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).png
    for fixture in cases {
      let image = try RGBImage(decoding: [UInt8](fixture.file.dropLast(12)), name: fixture.name)
      #expect(image == fixture.image, "\(fixture.name)")
    }
  }

  @Test func aFlippedByteInPNGDataIsAnError() throws {
    let fixture = try #require(
      Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).png.first { $0.name == "rgb" }
    )
    var bytes = [UInt8](fixture.file)
    bytes[bytes.count - 40] ^= 1
    let error = #expect(throws: ImageError.self) {
      try RGBImage(decoding: bytes, name: "class-3/a.png")
    }
    #expect(error?.description.contains("class-3/a.png") == true)
    #expect(error?.description.contains("damaged PNG") == true)
  }

  /// libjpeg goes on behind the gap, and so do Pillow and this program.
  @Test func aRestartMarkerThatIsLostIsNoError() throws {
    let fixture = try #require(
      Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).jpeg.first {
        $0.name == "restart-markers"
      })
    var bytes = [UInt8](fixture.file)
    let marker = try #require(
      bytes.indices.dropLast().last { bytes[$0] == 0xFF && (0xD0...0xD7).contains(bytes[$0 + 1]) })
    bytes.removeSubrange(marker..<marker + 2)
    let image = try RGBImage(decoding: bytes, name: "image")
    #expect(image != fixture.image)
    #expect((image.height, image.width) == (fixture.height, fixture.width))
  }

  @Test func foreignFilesAreNamed() {
    let beginnings: [(String, [UInt8])] = [
      ("GIF", Array("GIF89a".utf8)), ("BMP", Array("BM".utf8)), ("TIFF", Array("MM\0*".utf8)),
      ("AVIF", [0, 0, 0, 28] + Array("ftypavif".utf8)),
      ("HEIC", [0, 0, 0, 28] + Array("ftypheic".utf8)),
      ("JPEG 2000", [0, 0, 0, 12] + Array("jP  \r\n".utf8)),
      ("JPEG XL", [0, 0, 0, 12] + Array("JXL \r\n".utf8)), ("Photoshop", Array("8BPS".utf8)),
    ]
    for (format, beginning) in beginnings {
      #expect(throws: ImageError.unsupportedFormat(name: "a.jpg", format: format)) {
        try RGBImage(decoding: beginning, name: "a.jpg")
      }
    }
    // Of the container that WebP shares with others, and of ISO media, not all are pictures.
    for other in ["RIFF\0\0\0\0WAVEfmt ", "\0\0\0\u{1c}ftypisom"] {
      #expect(throws: ImageError.notAnImage(name: "a.jpg")) {
        try RGBImage(decoding: Array(other.utf8), name: "a.jpg")
      }
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
