import ArrayFiles
import ImageFiles

/// Batches of images as they travel from rank 0 to the rank that looks at them.
///
///     batches, images of each, height and width of every image, pixels of every image
enum ImageMessage {
  /// The message of batches of as many images each; nothing of no images is no message.
  static func bytes(_ batches: [[RGBImage]]) -> [UInt8] {
    let images = batches.flatMap { $0 }
    let numbers =
      [batches.count, batches.first?.count ?? 0] + images.flatMap { [$0.height, $0.width] }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * numbers.count + images.reduce(0) { $0 + $1.pixels.count })
    for number in numbers {
      withUnsafeBytes(of: UInt32(number).littleEndian) { bytes.append(contentsOf: $0) }
    }
    for image in images { bytes += image.pixels }
    return bytes
  }

  /// The batches of a message; none of an empty one.
  ///
  /// - Throws: `SizeError` where a number does not fit the bytes that are there.
  static func images(_ bytes: [UInt8]) throws(SizeError) -> [[RGBImage]] {
    guard !bytes.isEmpty else { return [] }
    var position = 0
    func number(_ field: String, limit: Int) throws(SizeError) -> Int {
      guard position + 4 <= bytes.count else {
        throw SizeError(source: name, field: field, value: "cut off", range: 1...limit)
      }
      let value = bytes[position..<position + 4].reversed().reduce(UInt32(0)) {
        $0 << 8 | UInt32($1)
      }
      position += 4
      return try claimedSize(value, field: field, of: name, atLeast: 1, limit: limit)
    }
    let batchCount = try number("the number of batches", limit: bytes.count)
    let imageCount = try number("the number of images", limit: bytes.count)
    let total = try claimedSize(
      product: [batchCount, imageCount], field: "the number of images", of: name,
      limit: bytes.count / 8)
    var sizes: [(height: Int, width: Int)] = []
    for _ in 0..<total {
      sizes.append(
        (
          try number("a height", limit: RGBImage.pixelCountLimit),
          try number("a width", limit: RGBImage.pixelCountLimit)
        ))
    }
    var images: [RGBImage] = []
    for (height, width) in sizes {
      let count = try claimedSize(
        product: [height, width, 3], field: "the bytes of an image", of: name,
        limit: bytes.count - position)
      images.append(
        RGBImage(
          height: height, width: width, pixels: Array(bytes[position..<position + count])))
      position += count
    }
    return (0..<batchCount).map { Array(images[$0 * imageCount..<($0 + 1) * imageCount]) }
  }

  private static let name = "a message of images from rank 0"
}
