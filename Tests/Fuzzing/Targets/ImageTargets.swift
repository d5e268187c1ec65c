import DataParallel
import Datasets
import Foundation
import ImageFiles
import MessagePassing
import TestSupport

// Pictures, and the messages between ranks.

extension FuzzTarget {
  static let jpeg = FuzzTarget("jpeg") { _ in
    try pictures().jpeg.map { [UInt8]($0.file) }
  } parse: { bytes, _ in
    try prepareImage(bytes)
  }

  static let png = FuzzTarget("png") { _ in
    try pictures().png.map { [UInt8]($0.file) }
  } parse: { bytes, _ in
    try prepareImage(bytes)
  }

  static let webP = FuzzTarget("webp") { _ in
    try ["lossy", "lossy-alpha", "lossless-alpha", "animated", "exif-icc", "odd"].map {
      try Repository.bytes(of: "Tests/GoldenTests/Goldens/images/webp-\($0).webp")
    }
  } parse: { bytes, _ in
    try prepareImage(bytes)
  }

  private struct Picture: Decodable {
    var file: Data
  }

  private struct Pictures: Decodable {
    var jpeg: [Picture]
    var png: [Picture]
  }

  private static func pictures() throws -> Pictures {
    let text = try Repository.text(of: "Tests/ImageFilesTests/Fixtures/decoding.json")
    return try JSONDecoder().decode(Pictures.self, from: Data(text.utf8))
  }

  /// Decodes an image and prepares it in all ways that there are.
  private static func prepareImage(_ bytes: [UInt8]) throws {
    let image = try RGBImage(decoding: bytes, name: "input", orientation: .upright)
    let side = 8
    for crop in CropRecipe.ten.crops(of: image, size: side) + [
      image.evaluationCropped(size: side),
      Augmentation.published.apply(to: image, size: side) { $0 - 1 },
    ] {
      precondition(crop.height == side && crop.width == side, "a crop of \(crop.height)")
    }
    try prepareParts(bytes, side: side)
  }

  /// What is made of a part of the pixels equals what is made of all of them.
  private static func prepareParts(_ bytes: [UInt8], side: Int) throws {
    let image = try RGBImage(decoding: bytes, name: "input")
    for augmentation in [
      .none, .published, Augmentation(crop: 0.08...1, kind: .resized, flip: true),
    ] {
      for divisor: UInt32 in [1, 2, 3] {
        func plan(_ height: Int, _ width: Int) -> CropPlan {
          augmentation.plan(size: side, ofHeight: height, width: width) { ($0 - 1) / divisor }
        }
        let part = try RGBImage(decoding: bytes, name: "input", croppedBy: plan)
        precondition(part == image.cropped(by: plan(image.height, image.width)))
      }
    }
  }

  /// The first byte chooses the kind of message.
  static let message = FuzzTarget("message") { _ in
    let item = ImageLaneMessage.Item(
      sample: Sample(bytes: [1, 2, 3], label: 1, key: "a", file: "b", index: 2), ordinal: 3)
    let head: [UInt64] = [1, 2, 3, 4]
    return [
      [0] + ImageLaneMessage(image: .rgb8(height: 1, width: 1), items: [item]).bytes,
      [0] + ImageLaneMessage(image: .encoded, items: [item, item]).bytes,
      [1] + CodeLaneMessage(labels: [1, 2], codes: [3, 4, 5, 6]).bytes,
      [2] + BlockList.pack([[1], [2, 3]]), [3] + head.withUnsafeBytes(Array.init),
    ]
  } parse: { bytes, _ in
    let message = Array(bytes.dropFirst())
    let context = CallContext(operation: "fuzzing", rank: 1, host: "host")
    switch bytes.first {
    case 0:
      let lane = try ImageLaneMessage(bytes: message)
      precondition(lane.bytes == message, "an image message is written as another one")
      for item in lane.items { _ = try? lane.image.evaluationImage(of: item.sample, size: 4) }
    case 1:
      let lane = try CodeLaneMessage(bytes: message)
      precondition(lane.bytes == message && lane.tokens.shape[0] == lane.labels.count)
    case 2:
      guard let blocks = BlockList.unpack(message) else {
        throw MessagePassingError.mismatch(
          context: context, expected: "blocks", found: "\(message.count) bytes that are none")
      }
      precondition(BlockList.pack(blocks[...]) == message)
    default:
      _ = try SampleMessageHead(message, context: context)
    }
  }
}
