import ArrayFiles
public import ImageFiles

/// Where images are written, by the ending of a path.
public struct ImageOutput: Sendable, Hashable {
  /// What is written.
  public enum Kind: Sendable, Hashable {
    /// A folder of PNG files: a path with another ending or none, or a slash at the end.
    case folder
    /// One PNG file with all images in a grid: `.png`.
    case grid
    /// An array of uint8, `N × H × W × 3`: `.npy`.
    case array
    /// The same array in an archive, under the name `arr_0`: `.npz`.
    case archive
  }

  /// The path as it was given.
  public let path: String
  /// What is written there.
  public let kind: Kind

  private static let foreignEndings: Set<String> = [
    "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff",
  ]

  /// Decides by the ending of a path what is written there.
  ///
  /// - Throws: `ImageError.unwritableFormat` for the ending of an image format that is not written.
  public init(path: String) throws(ImageError) {
    guard !path.isEmpty else { throw .unwritableFormat(name: "the output", ending: "") }
    self.path = path
    let ending = SystemPath.endsWithSlash(path) ? "" : SystemPath.ending(of: path)
    switch ending {
    case "png": kind = .grid
    case "npy": kind = .array
    case "npz": kind = .archive
    case _ where Self.foreignEndings.contains(ending):
      throw .unwritableFormat(name: path, ending: ending)
    default: kind = .folder
    }
  }
}
