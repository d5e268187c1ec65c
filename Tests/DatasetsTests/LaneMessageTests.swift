import Datasets
import ImageFiles
import Testing

/// Messages of samples: what was written is read, and nothing else.
@Suite struct LaneMessageTests {
  private static func sample(_ index: Int) -> ImageLaneMessage.Item {
    ImageLaneMessage.Item(
      sample: Sample(
        bytes: [UInt8](repeating: UInt8(index), count: 12), label: index - 1, key: "a/\(index).png",
        file: "shard-0", index: index),
      ordinal: 1 << 40 | index)
  }

  private static let images = [
    ImageLaneMessage(image: .encoded, items: []),
    ImageLaneMessage(image: .encoded, items: [sample(0), sample(7)]),
    ImageLaneMessage(image: .rgb8(height: 1, width: 4), items: [sample(3)]),
    ImageLaneMessage(
      image: .rgb8(height: 1, width: 4), items: [sample(4)], isPrepared: true, replacedCount: 1),
  ]

  private static let codes = [
    CodeLaneMessage(labels: [], codes: []),
    CodeLaneMessage(labels: [3, -1], codes: [1, 2, 3, 65_535]),
  ]

  private func read(images bytes: [UInt8]) -> Bool {
    (try? ImageLaneMessage(bytes: bytes)) != nil
  }

  private func read(codes bytes: [UInt8]) -> Bool {
    (try? CodeLaneMessage(bytes: bytes)) != nil
  }

  @Test func whatIsWrittenIsRead() throws {
    for message in Self.images { #expect(try ImageLaneMessage(bytes: message.bytes) == message) }
    for message in Self.codes { #expect(try CodeLaneMessage(bytes: message.bytes) == message) }
  }

  @Test func everyOtherLengthIsAnError() {
    for bytes in Self.images.map(\.bytes) {
      for count in 0..<bytes.count { #expect(!read(images: Array(bytes.prefix(count)))) }
      #expect(!read(images: bytes + [0]))
    }
    for bytes in Self.codes.map(\.bytes) {
      for count in 0..<bytes.count { #expect(!read(codes: Array(bytes.prefix(count)))) }
      #expect(!read(codes: bytes + [0]))
    }
  }

  /// Places of counts: of samples, of a key's, a file's and an image's bytes.
  @Test(arguments: [16, 20 + 24, 20 + 28 + 7, 20 + 32 + 14])
  func aCountBeyondTheBytesIsNamed(offset: Int) throws {
    var bytes = Self.images[1].bytes
    for value: [UInt8] in [[255, 255, 255, 255], [0, 0, 0, 128], [200, 0, 0, 0]] {
      bytes.replaceSubrange(offset..<offset + 4, with: value)
      let error = #expect(throws: LaneMessageError.self) { try ImageLaneMessage(bytes: bytes) }
      #expect(error?.description.contains("rank 0") == true)
      #expect(error?.problem.contains("are left, at byte \(offset + 4)") == true)
    }
  }

  @Test func textThatIsNoTextIsAnError() {
    var bytes = Self.images[1].bytes
    bytes[20 + 28] = 0xB3
    let error = #expect(throws: LaneMessageError.self) { try ImageLaneMessage(bytes: bytes) }
    #expect(error?.problem.hasPrefix("a key is no UTF-8 text") == true)
  }

  @Test(arguments: [0, 4 + 8])
  func aCountOfCodesBeyondTheBytesIsAnError(offset: Int) {
    var bytes = Self.codes[1].bytes
    bytes.replaceSubrange(offset..<offset + 4, with: [255, 255, 255, 127])
    #expect(throws: LaneMessageError.self) { try CodeLaneMessage(bytes: bytes) }
  }

  @Test func codesThatFillNoRowsAreAnError() {
    let bytes = CodeLaneMessage(labels: [1, 2], codes: [5, 6, 7]).bytes
    #expect(throws: LaneMessageError.self) { try CodeLaneMessage(bytes: bytes) }
    let unlabelled = CodeLaneMessage(labels: [], codes: [5]).bytes
    #expect(throws: LaneMessageError.self) { try CodeLaneMessage(bytes: unlabelled) }
  }

  /// Prepared images are squares of pixels, and only of those some are replaced.
  @Test(arguments: [(1, 0), (0, 1), (2, 0)])
  func statesThatAreNoneAreAnError(state: UInt8, replacedCount: UInt8) {
    var bytes = Self.images[1].bytes
    (bytes[8], bytes[12]) = (state, replacedCount)
    #expect(throws: LaneMessageError.self) { try ImageLaneMessage(bytes: bytes) }
  }

  @Test(arguments: [(0, 1), (1, 0), (1 << 31, 1 << 31), (1 << 28, 2)])
  func sidesThatAreNoImageAreAnError(height: Int, width: Int) {
    var bytes = Self.images[2].bytes
    let sides = [height, width].flatMap { side in
      (0..<4).map { UInt8(truncatingIfNeeded: side >> (8 * $0)) }
    }
    bytes.replaceSubrange(0..<8, with: sides)
    #expect(throws: LaneMessageError.self) { try ImageLaneMessage(bytes: bytes) }
  }
}
