import ArrayFiles

extension RGBImage {
  /// Reads and decodes an image file.
  ///
  /// - Parameters:
  ///   - path: A JPEG, PNG or WebP file.
  ///   - orientation: Whether the picture is turned as its EXIF block says.
  /// - Throws: `ImageError`, naming the path.
  public init(contentsOfFile path: String, orientation: ImageOrientation = .stored)
    throws(ImageError)
  {
    try self.init(
      decoding: ImageFolder.bytes(ofFile: path), name: path, orientation: orientation)
  }

  /// Reads an image file, decodes what a plan takes of it, and does what it says.
  ///
  /// - Parameters:
  ///   - path: A JPEG, PNG or WebP file.
  ///   - orientation: Whether the picture is turned as its EXIF block says.
  ///   - plan: Makes the plan for the image's height and width.
  /// - Throws: `ImageError`, naming the path.
  public init(
    contentsOfFile path: String, orientation: ImageOrientation = .stored,
    croppedBy plan: (_ height: Int, _ width: Int) -> CropPlan
  ) throws(ImageError) {
    try self.init(
      decoding: ImageFolder.bytes(ofFile: path), name: path, orientation: orientation,
      croppedBy: plan)
  }
}

/// Image files in folders.
///
/// A file counts as an image by its ending or, whatever that is, by its first bytes. Images of formats
/// that are not read are among them, so that such a file is reported when it is decoded, not passed
/// over in silence. Whatever is in a folder and is no image is listed as well.
public enum ImageFolder {
  /// Endings of the files that count as images, in lower case.
  public static let fileExtensions: Set<String> = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif",
    "avif",
    "jp2", "jxl", "psd",
  ]

  /// What is in a folder.
  public struct Listing: Sendable {
    /// Paths of the images, which begin with the folder's.
    public var images: [String] = []
    /// What is no image or stands elsewhere.
    public var omitted: [OmittedFile] = []
  }

  /// Lists the images of a folder, sorted by the bytes of their names.
  ///
  /// - Parameters:
  ///   - folder: Path of the folder.
  ///   - includesNested: Whether images of folders below it count; links to folders are not followed.
  /// - Returns: The images, and everything else that is there.
  /// - Throws: `ImageError.unreadable` if a folder cannot be listed.
  public static func listing(of folder: String, includesNested: Bool = false) throws(ImageError)
    -> Listing
  {
    var listing = Listing()
    for name in try names(in: folder) {
      let path = SystemPath.path(of: name, in: folder)
      if let reason = omission(of: path, name: name) {
        listing.omitted.append(OmittedFile(path: path, reason: reason))
      } else if FileSystem.isDirectory(path) {
        let nested = try Self.listing(of: path, includesNested: true)
        if includesNested {
          listing.images += nested.images
        } else {
          listing.omitted += nested.images.map { OmittedFile(path: $0, reason: .nested) }
        }
        listing.omitted += nested.omitted
      } else {
        listing.images.append(path)
      }
    }
    return listing
  }

  /// The folders directly in a folder, sorted by the bytes of their names, and what else is there.
  ///
  /// - Parameter folder: Path of the folder.
  /// - Returns: Names of the folders that are not hidden, not paths; everything else as left out.
  /// - Throws: `ImageError.unreadable` if the folder cannot be listed.
  public static func subfolders(of folder: String) throws(ImageError) -> (
    names: [String], omitted: [OmittedFile]
  ) {
    var subfolders: [String] = []
    var omitted: [OmittedFile] = []
    for name in try names(in: folder) {
      let path = SystemPath.path(of: name, in: folder)
      if FileSystem.isDirectory(path) && !isHidden(name) {
        subfolders.append(name)
      } else {
        let isLost = FileSystem.kind(of: path) == nil
        omitted.append(
          OmittedFile(
            path: path,
            reason: isHidden(name) ? .hidden : isLost ? lossReason(path) : .outsideClasses))
      }
    }
    return (subfolders, omitted)
  }

  /// Images from a mixed list of files and folders, in the order of the list.
  ///
  /// - Parameter paths: Files are taken as they are, folders are replaced by their images.
  /// - Returns: Paths of files, and what else was in the folders.
  /// - Throws: `ImageError.unreadable` if a path does not exist or a folder cannot be listed.
  public static func listing(expanding paths: [String]) throws(ImageError) -> Listing {
    var all = Listing()
    for path in paths {
      switch FileSystem.kind(of: path) {
      case nil: throw .unreadable(name: path, reason: "no such file or folder")
      case .directory:
        let listing = try listing(of: path)
        all.images += listing.images
        all.omitted += listing.omitted
      default: all.images.append(path)
      }
    }
    return all
  }

  /// A file's bytes.
  ///
  /// - Parameter path: Path of the file.
  /// - Returns: The whole file.
  /// - Throws: `ImageError.unreadable`.
  public static func bytes(ofFile path: String) throws(ImageError) -> [UInt8] {
    do {
      return try FileSystem.bytes(of: path)
    } catch {
      throw .unreadable(name: path, reason: (error as? FileError)?.reason ?? "\(error)")
    }
  }

  private static func names(in folder: String) throws(ImageError) -> [String] {
    do {
      return try FileSystem.names(in: folder)
    } catch {
      throw .unreadable(name: folder, reason: (error as? FileError)?.reason ?? "\(error)")
    }
  }

  private static func isHidden(_ name: String) -> Bool { name.utf8.first == UInt8(ascii: ".") }

  /// Why a name that is there leads to nothing.
  private static func lossReason(_ path: String) -> OmittedFile.Reason {
    FileSystem.isMissing(path) ? .brokenLink : .unreadable
  }

  /// Why something is neither an image nor a folder to look into; nil if it is.
  private static func omission(of path: String, name: String) -> OmittedFile.Reason? {
    if isHidden(name) { return .hidden }
    switch FileSystem.kind(of: path) {
    case nil: return lossReason(path)
    case .directory:
      return FileSystem.kind(of: path, followsLinks: false) == .link ? .linkedFolder : nil
    case .link, .other: return .notAFile
    case .file:
      if fileExtensions.contains(SystemPath.ending(of: name)) { return nil }
      guard let head = try? FileSystem.bytes(of: path, upTo: 12) else { return .unreadable }
      // Two letters are too few to tell a picture from a text.
      let format = ImageFormat(sniffing: head)
      return format == nil || format == .bmp || format == .jpegXL ? .notAnImage : nil
    }
  }
}
