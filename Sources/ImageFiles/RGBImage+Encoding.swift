import ArrayFiles
import CImageCodecs

extension RGBImage {
  /// The image as a PNG file of 8-bit RGB.
  ///
  /// No time, text or software chunk is written: equal images give equal bytes.
  ///
  /// - Parameter name: What to call the image in an error.
  /// - Returns: The whole file.
  /// - Throws: `ImageError.notEncoded` if the encoder runs out of memory.
  public func pngBytes(name: String = "image") throws(ImageError) -> [UInt8] {
    var encoded: UnsafeMutablePointer<UInt8>?
    var encodedCount = 0
    let size = CImageCodecsSize(height: Int64(height), width: Int64(width))
    let failure = failureMessage {
      CImageCodecs_encodePNG(pixels, size, &encoded, &encodedCount, $0)
    }
    if let failure {
      throw .notEncoded(name: name, reason: failure)
    }
    defer { CImageCodecs_free(encoded) }
    return Array(UnsafeBufferPointer(start: encoded, count: encodedCount))
  }

  /// Writes the image as a PNG file, whole or not at all, without waiting for the disk.
  ///
  /// - Parameter path: The file to write; an existing one is replaced.
  /// - Throws: `FileError` if the disk refuses; `ImageError.notEncoded`.
  public func writePNG(to path: String) throws {
    try AtomicFile.replace(path, by: pngBytes(name: path))
  }
}
