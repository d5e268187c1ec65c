import CImageCodecs
import Foundation

extension RGBImage {
  /// The image as a PNG file of 8-bit RGB.
  ///
  /// No time, text or software chunk is written: equal images give equal bytes.
  ///
  /// - Parameter name: What to call the image in an error.
  /// - Returns: The whole file.
  /// - Throws: `ImageError.notWritten` if the encoder runs out of memory.
  public func pngBytes(name: String = "image") throws(ImageError) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var encodedCount = 0
    let size = CImageCodecsSize(height: Int64(height), width: Int64(width))
    let failure = failureMessage {
      CImageCodecs_encodePNG(pixels, size, &encoded, &encodedCount, $0)
    }
    if let failure {
      throw .notWritten(name: name, reason: failure)
    }
    defer { CImageCodecs_free(encoded) }
    return Array(UnsafeBufferPointer(start: encoded, count: encodedCount))
  }

  /// Writes the image as a PNG file, whole or not at all.
  ///
  /// - Parameter path: The file to write; an existing one is replaced.
  /// - Throws: `ImageError.notWritten` if the encoder or the file system refuses.
  public func writePNG(to path: String) throws(ImageError) {
    let bytes = try pngBytes(name: path)
    do {
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .notWritten(name: path, reason: error.localizedDescription)
    }
  }
}
