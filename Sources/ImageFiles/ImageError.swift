/// Why an image could not be read or written; the message names the image, the cause and a remedy.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  /// The bytes begin like no image format that is known here.
  case notAnImage(name: String)
  /// The format is known, but not decoded by this program.
  case unsupportedFormat(name: String, format: String)
  /// A file of a supported format whose contents are broken or end too early.
  case damaged(name: String, format: String, reason: String)
  /// The header announces more pixels than `RGBImage.pixelCountLimit`, or none.
  case implausibleSize(name: String, height: Int, width: Int)
  /// The encoder or the file system refused.
  case notWritten(name: String, reason: String)
  /// The file or folder could not be read from disk.
  case unreadable(name: String, reason: String)

  /// What happened, to which image, and what to do.
  public var description: String {
    switch self {
    case .notAnImage(let name):
      "\(name): not an image: the file begins with no known signature. "
        + "Expected JPEG or PNG; remove the file or convert it."
    case .unsupportedFormat(let name, let format):
      "\(name): \(format) images are not supported. Convert it to JPEG or PNG."
    case .damaged(let name, let format, let reason):
      "\(name): damaged \(format) image: \(reason). "
        + "Replace the file by an intact copy or remove it."
    case .implausibleSize(let name, let height, let width):
      "\(name): the header announces \(height) x \(width) pixels; expected at least 1 x 1 and at "
        + "most \(RGBImage.pixelCountLimit) pixels in all. Replace or shrink the file."
    case .notWritten(let name, let reason):
      "\(name): the image could not be written: \(reason). Check the path and the free space."
    case .unreadable(let name, let reason):
      "\(name): could not be read: \(reason). Check the path and the permissions."
    }
  }
}
