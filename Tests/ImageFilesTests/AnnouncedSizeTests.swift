import Foundation
import ImageFiles
import Testing

/// Headers that announce more pixels than their file can hold are refused before memory is taken.
@Suite struct AnnouncedSizeTests {
  private func jpeg(named name: String) throws -> [UInt8] {
    let cases = try Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self).jpeg
    return [UInt8](try #require(cases.first { $0.name == name }).file)
  }

  /// A PNG file whose header announces other sides, with the right checksum.
  private func png(height: UInt32, width: UInt32) throws -> [UInt8] {
    var bytes = try RGBImage(height: 3, width: 3, filledWith: 9).pngBytes()
    let sides = [width, height].flatMap { side in
      (0..<4).reversed().map { UInt8(truncatingIfNeeded: side >> (8 * UInt32($0))) }
    }
    bytes.replaceSubrange(16..<24, with: sides)
    let checksum = CyclicRedundancyCheck.of(bytes[12..<29])
    bytes.replaceSubrange(
      29..<33, with: (0..<4).reversed().map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) })
    return bytes
  }

  private func error(_ bytes: [UInt8]) -> ImageError? {
    do throws(ImageError) {
      _ = try RGBImage(decoding: bytes, name: "x")
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [(13_000, 13_000), (999_999, 1), (1, 999_999)])
  func aPNGTooSmallForItsHeader(height: Int, width: Int) throws {
    let bytes = try png(height: UInt32(height), width: UInt32(width))
    guard case .tooFewBytes("x", height, width, bytes.count, let least)? = error(bytes) else {
      Issue.record("\(String(describing: error(bytes)))")
      return
    }
    // Three bytes a pixel and one a row, at most 1032 of them for a byte of the file.
    #expect(least == height * (3 * width + 1) / 1032)
    #expect(error(bytes)?.description.contains("at least \(least)") == true)
  }

  @Test func sidesBeyondTheLibrarysLimitAreDamage() throws {
    guard case .damaged? = error(try png(height: 1, width: 178_956_970)) else {
      Issue.record("a side of 178956970 was not refused")
      return
    }
  }

  @Test func aJPEGTooSmallForItsHeader() throws {
    var bytes = try jpeg(named: "grey")
    let frame = try #require(
      bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x32, 0xC8, 0x32, 0xC8])
    #expect(
      error(bytes)
        == .tooFewBytes(
          name: "x", height: 13_000, width: 13_000, byteCount: bytes.count,
          leastByteCount: 1625 * 1625 / 8))
  }

  @Test func theSmallestFilesOfLargeImagesAreRead() throws {
    let image = RGBImage(height: 3000, width: 2000, filledWith: 0)
    #expect(try RGBImage(decoding: image.pngBytes(), name: "black") == image)
    for image in [
      RGBImage(height: 1, width: 65_500, filledWith: 200),
      RGBImage(height: 65_500, width: 1, filledWith: 200),
    ] {
      #expect(try RGBImage(decoding: image.pngBytes(), name: "line") == image)
    }
  }

  @Test func aJPEGOfVeryManyScansIsDamage() throws {
    var bytes = try jpeg(named: "progressive")
    // The first scan can be decoded again and again; its data end at the next marker.
    func isMarker(_ index: Int) -> Bool {
      bytes[index] == 0xFF && bytes[index + 1] != 0 && !(0xD0...0xD7).contains(bytes[index + 1])
    }
    let start = try #require(
      bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
    let end = try #require((start + 2..<bytes.count - 1).first(where: isMarker))
    let scan = Array(bytes[start..<end])
    bytes.insert(contentsOf: repeatElement(scan, count: 60).joined(), at: end)
    #expect(error(bytes) == nil)
    bytes.insert(contentsOf: repeatElement(scan, count: 60).joined(), at: end)
    #expect(
      error(bytes)
        == .damaged(name: "x", format: "JPEG", reason: "it has more than 100 scans"))
  }
}

/// The checksum of PNG's chunks.
enum CyclicRedundancyCheck {
  /// CRC-32 of the bytes (ISO 3309).
  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var checksum = UInt32.max
    for byte in bytes {
      checksum ^= UInt32(byte)
      for _ in 0..<8 {
        checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0xEDB8_8320 : checksum >> 1
      }
    }
    return ~checksum
  }
}
