import ArrayFiles

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
  /// The header announces more pixels than so few bytes can hold, however well they compress.
  case tooFewBytes(name: String, height: Int, width: Int, byteCount: Int, leastByteCount: Int)
  /// The ending of an output names a format that is not written.
  case unwritableFormat(name: String, ending: String)
  /// The encoder refused, for lack of memory or because the image is too large for the format.
  case notEncoded(name: String, reason: String)
  /// The file or folder could not be read from disk.
  case unreadable(name: String, reason: String)

  /// The image: its path, or its shard and key.
  public var name: String {
    switch self {
    case .notAnImage(let name), .unsupportedFormat(let name, _), .damaged(let name, _, _),
      .implausibleSize(let name, _, _), .tooFewBytes(let name, _, _, _, _),
      .unwritableFormat(let name, _), .notEncoded(let name, _), .unreadable(let name, _):
      name
    }
  }

  /// Whether the image could not be read at all, so that another attempt may find it sound.
  public var mayPass: Bool {
    if case .unreadable = self { true } else { false }
  }

  /// What is wrong.
  public var reason: String {
    switch self {
    case .notAnImage:
      "not an image: the bytes begin with no known signature, expected JPEG, PNG or "
        + "WebP"
    case .unsupportedFormat(_, let format):
      "\(format) images are not supported, expected JPEG, PNG or WebP"
    case .damaged(_, let format, let reason):
      "damaged \(format) image: \(reason)"
    case .implausibleSize(_, let height, let width):
      "the header announces \(height) x \(width) pixels, expected at least 1 x 1 and at most "
        + "\(RGBImage.pixelCountLimit) pixels in all"
    case .tooFewBytes(_, let height, let width, let byteCount, let leastByteCount):
      "the header announces \(height) x \(width) pixels, for which the file's \(byteCount) bytes are "
        + "too few: it would take at least \(leastByteCount)"
    case .unwritableFormat(_, ending: ""):
      "its name is empty"
    case .unwritableFormat(_, let ending):
      "images are written as .png, .npy or .npz or to a folder, not as .\(ending)"
    case .notEncoded(_, let reason):
      "the image could not be encoded: \(reason)"
    case .unreadable(_, let reason):
      "could not be read: \(reason)"
    }
  }

  /// What to do.
  public var advice: String {
    switch self {
    case .notAnImage, .unsupportedFormat: "Convert the file to JPEG, PNG or WebP, or remove it."
    case .damaged, .tooFewBytes: "Replace the file by an intact copy or remove it."
    case .implausibleSize: "Shrink the file or replace it by an intact copy."
    case .unwritableFormat: "Name a folder, or a file that ends in .png, .npy or .npz."
    case .notEncoded: "Write fewer or smaller images to the file."
    case .unreadable: "Check the path and the permissions."
    }
  }

  /// Which image, what is wrong, and what to do.
  public var description: String { "\(VisibleText.name(name)): \(reason). \(advice)" }
}
