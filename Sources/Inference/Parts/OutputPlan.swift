import ArrayFiles
import Foundation
import ImageFiles
import Reporting

/// An output of many images or their codes, in blocks of a fixed number of images.
///
/// A function of the command and of what it reads: not of the number of ranks.
package struct OutputPlan {
  /// Images of a block; the last one may have fewer.
  package static let blockSize = 32

  /// Where images go; nil where just codes are wanted.
  package var images: ImageOutput?
  /// The `.npy` file of codes; nil where they are not wanted.
  package var codes: String?
  /// The number of images.
  package var imageCount: Int
  /// Side of an image.
  package var imageSize: Int
  /// Codes of an image.
  package var tokenCount: Int
  /// Images in a row of a grid; nil for about as many columns as rows.
  package var columnCount: Int?
  /// The classes of the images, which an archive holds beside them.
  package var labels: [Int32]?
  /// What goes beside the images, for programs.
  package var record: SamplingRecord?
  /// Everything that bits depend on but for the images, by name.
  package var facts: [String: String]
  /// What stands behind an image's number in the name of its file in a folder; nil for nothing.
  package var name: ((_ image: Int) -> String)?
  /// Says what an image is made from.
  package var origin: (_ image: Int) throws -> String

  /// An output that is made in blocks.
  package init(
    images: ImageOutput?, codes: String?, imageCount: Int, imageSize: Int, tokenCount: Int,
    columnCount: Int? = nil, labels: [Int32]? = nil, record: SamplingRecord? = nil,
    facts: [String: String], name: ((_ image: Int) -> String)? = nil,
    origin: @escaping (_ image: Int) throws -> String
  ) {
    precondition(images != nil || codes != nil, "OutputPlan: nothing is wanted")
    (self.images, self.codes) = (images, codes)
    (self.imageCount, self.imageSize, self.tokenCount) = (imageCount, imageSize, tokenCount)
    (self.columnCount, self.labels, self.record) = (columnCount, labels, record)
    (self.facts, self.name, self.origin) = (facts, name, origin)
  }

  /// The name of an image's file in a folder.
  ///
  /// It begins with the number, so that the bytes of the names sort as the images are: that is the order in which a folder
  /// is read. Numbers also keep apart inputs of one name.
  func fileName(_ image: Int) -> String {
    let digitCount = max(5, String(imageCount - 1).count)
    let number = zeroPadded(image, digitCount: digitCount)
    return number + (name.map { "-" + $0(image) } ?? "") + ".png"
  }

  /// What the parts' hidden folder is named after.
  var destination: String { images?.path ?? codes ?? "" }

  /// The blocks, as ranges of images.
  var blocks: [Range<Int>] {
    stride(from: 0, to: imageCount, by: Self.blockSize).map {
      $0..<min(imageCount, $0 + Self.blockSize)
    }
  }

  /// Bytes of an image.
  var imageByteCount: Int { imageSize * imageSize * 3 }

  /// A digest of everything that the content of a block depends on.
  func digest(ofBlock block: Range<Int>) throws -> String {
    var digest = ContentDigest()
    func add(_ text: String) { digest.update(Array((text + "\n").utf8)) }
    add("block 1 \(images.map { "\($0.kind)" } ?? "") \(codes != nil) \(imageSize) \(tokenCount)")
    for (name, value) in facts.sorted(by: { $0.key < $1.key }) { add("\(name): \(value)") }
    for image in block {
      add("\(images?.kind == .folder ? fileName(image) : "") \(try origin(image))")
    }
    return digest.prefixed
  }

  /// Refuses what cannot be written, before anything is made.
  ///
  /// - Throws: `CommandError` or `FileError`.
  func check() throws {
    if let codes { try FileSystem.checkWritable(codes) }
    guard let images else { return }
    switch images.kind {
    case .folder: try requireFolder(SystemPath.withoutEndingSlash(images.path))
    case .grid:
      try requireSmallGrid(images.path)
      try FileSystem.checkWritable(images.path)
    case .array, .archive: try FileSystem.checkWritable(images.path)
    }
    if record != nil, let path = SamplingRecord.path(for: images) {
      try SamplingRecord.requirePlace(path)
    }
  }

  /// The most bytes of a name on the file systems in use.
  private static let nameByteCountLimit = 255

  private func requireFolder(_ folder: String) throws(CommandError) {
    if let problem = FileSystem.problemOfRename(to: folder) {
      throw .unsupported("--output \(folder): \(problem): name a folder that is not there yet")
    }
    let isFree =
      FileSystem.kind(of: folder, followsLinks: false) == nil
      || (try? FileSystem.names(in: folder))?.isEmpty == true
    guard isFree else { throw .outputExists(folder) }
    if let image = (0..<imageCount).first(where: {
      SystemPath.bytes(of: fileName($0)).count > Self.nameByteCountLimit
    }) {
      throw .unsupported(
        "--output \(folder): the name of image \(image), \(VisibleText.name(fileName(image))), would have more "
          + "than \(Self.nameByteCountLimit) bytes: write to .npz or .npy, or give the input a shorter name"
      )
    }
  }

  private func requireSmallGrid(_ path: String) throws(CommandError) {
    let columnCount = columnCount ?? squareColumnCount(imageCount)
    let cell = imageSize + ImageGrid().margin
    do {
      _ = try claimedSize(
        product: [cell, cell, columnCount, (imageCount + columnCount - 1) / columnCount],
        field: "the grid's pixels", of: path, limit: RGBImage.pixelCountLimit)
    } catch {
      throw .unsupported(
        "--output \(path): a grid of \(imageCount) images would have more than "
          + "\(RGBImage.pixelCountLimit) pixels: write to a folder, to .npz or to .npy")
    }
  }
}
