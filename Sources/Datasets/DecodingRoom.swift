import Foundation
import ImageFiles

/// The memory in which images are decoded at the same time.
///
/// A file of a few kilobytes may hold an image of half a gigabyte, so one on every core could take all
/// memory of the machine: large images wait for each other. A single one is always decoded.
package final class DecodingRoom: @unchecked Sendable {
  private let byteLimit: Int
  private let condition = NSCondition()
  /// Bytes of the images that are being decoded; under the condition's lock.
  private var takenByteCount = 0

  /// Room for images of so many bytes, 1 GiB if left out.
  package init(byteLimit: Int = 1 << 30) {
    self.byteLimit = byteLimit
  }

  /// Runs `body` when there is room for an image file's pixels.
  ///
  /// - Parameters:
  ///   - bytes: The image file; one whose size cannot be read takes no room, and is refused by whoever
  ///     decodes it.
  ///   - body: Decodes the image, and keeps nothing of its size.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  package func holding<Result, Failure>(
    _ bytes: [UInt8], _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let byteCount = RGBImage.announcedByteCount(of: bytes)
    condition.lock()
    while takenByteCount > 0 && takenByteCount + byteCount > byteLimit { condition.wait() }
    takenByteCount += byteCount
    condition.unlock()
    defer {
      condition.lock()
      takenByteCount -= byteCount
      condition.broadcast()
      condition.unlock()
    }
    return try body()
  }
}
