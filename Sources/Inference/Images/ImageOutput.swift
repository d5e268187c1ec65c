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

  /// Writes images.
  ///
  /// A file is replaced whole or not at all; files are added to a folder, where those of the same
  /// names are replaced.
  ///
  /// - Parameters:
  ///   - images: At least one image; of one size, for an array.
  ///   - names: The names of the files in a folder, without the ending; nil for 00000 and so on.
  ///   - columnCount: Images in a row of a grid; nil for about as many columns as rows.
  /// - Throws: `FileError`, `ArrayFileError` or `ImageError`.
  /// - Precondition: There is an image, and a name for each where there are names.
  public func write(_ images: [RGBImage], names: [String]? = nil, columnCount: Int? = nil) throws {
    precondition(!images.isEmpty, "ImageOutput: there are no images to write to '\(path)'")
    precondition(
      names.map { $0.count == images.count } ?? true,
      "ImageOutput: \(images.count) images and \(names?.count ?? 0) names")
    switch kind {
    case .folder:
      try writeToFolder(images, names: names)
    case .grid:
      let columnCount = columnCount ?? squareColumnCount(images.count)
      let picture = ImageGrid().picture(images, columnCount: columnCount)
      try AtomicFile.write(try picture.pngBytes(name: path), to: path)
    case .array:
      try Self.array(of: images).write(to: path)
    case .archive:
      try NumPyArchive.write([("arr_0", Self.array(of: images))], to: path)
    }
  }

  private func writeToFolder(_ images: [RGBImage], names: [String]?) throws {
    let folder = SystemPath.withoutEndingSlash(path)
    try FileSystem.createDirectory(folder)
    for (index, image) in images.enumerated() {
      try image.writePNG(to: "\(folder)/\(names?[index] ?? zeroPadded(index, digitCount: 5)).png")
    }
  }

  private static func array(of images: [RGBImage]) -> NumPyArray {
    let (height, width) = (images[0].height, images[0].width)
    precondition(
      images.allSatisfy { $0.height == height && $0.width == width },
      "ImageOutput: the images of an array have different sizes")
    var pixels: [UInt8] = []
    pixels.reserveCapacity(images.count * height * width * 3)
    for image in images { pixels += image.pixels }
    return NumPyArray(pixels, shape: [images.count, height, width, 3])
  }
}
