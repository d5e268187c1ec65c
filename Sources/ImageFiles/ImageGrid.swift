/// Lays out images in one picture.
///
/// Cells have the size of the largest image; an image is centred in its cell, and a margin runs
/// between the cells and around them.
public struct ImageGrid: Sendable {
  /// Pixels between cells and around the picture.
  public var margin: Int
  /// Grey of margins and empty cells.
  public var background: UInt8

  /// Makes a layout.
  ///
  /// - Parameters:
  ///   - margin: Pixels between cells and around the picture.
  ///   - background: Grey of margins and empty cells.
  /// - Precondition: `margin` is not negative.
  public init(margin: Int = 2, background: UInt8 = 255) {
    precondition(margin >= 0, "ImageGrid: the margin \(margin) is negative")
    self.margin = margin
    self.background = background
  }

  /// One picture of rows of images, as for samples by class; rows may differ in length.
  ///
  /// - Parameter rows: The images of each row from the left.
  /// - Returns: The picture.
  /// - Precondition: There is at least one image.
  public func picture(rows: [[RGBImage]]) -> RGBImage {
    let cellHeight = rows.joined().map(\.height).max() ?? 0
    let cellWidth = rows.joined().map(\.width).max() ?? 0
    precondition(cellHeight > 0, "ImageGrid: there is no image to lay out")
    let columnCount = rows.map(\.count).max() ?? 0
    let height = rows.count * (cellHeight + margin) + margin
    let width = columnCount * (cellWidth + margin) + margin
    var pixels = [UInt8](repeating: background, count: height * width * 3)
    for (row, images) in rows.enumerated() {
      for (column, image) in images.enumerated() {
        let top = margin + row * (cellHeight + margin) + (cellHeight - image.height) / 2
        let left = margin + column * (cellWidth + margin) + (cellWidth - image.width) / 2
        for y in 0..<image.height {
          let target = ((top + y) * width + left) * 3
          let source = y * image.width * 3
          pixels.replaceSubrange(
            target..<target + image.width * 3,
            with: image.pixels[source..<source + image.width * 3])
        }
      }
    }
    return RGBImage(height: height, width: width, pixels: pixels)
  }

  /// One picture of a list of images, row by row; the last row may be shorter.
  ///
  /// - Parameters:
  ///   - images: At least one image.
  ///   - columnCount: Images a row, at least 1.
  /// - Returns: The picture.
  public func picture(_ images: [RGBImage], columnCount: Int) -> RGBImage {
    precondition(columnCount >= 1, "ImageGrid: \(columnCount) columns hold no image")
    let starts = stride(from: 0, to: images.count, by: columnCount)
    return picture(
      rows: starts.map { Array(images[$0..<min($0 + columnCount, images.count)]) })
  }

  /// One picture with every original beside (to the left of) its reconstruction.
  ///
  /// - Parameters:
  ///   - originals: At least one image.
  ///   - reconstructions: As many images.
  ///   - pairCount: Pairs a row, at least 1.
  /// - Returns: The picture.
  /// - Precondition: The two lists are equally long.
  public func picture(
    originals: [RGBImage], besideReconstructions reconstructions: [RGBImage], pairCount: Int
  ) -> RGBImage {
    precondition(
      originals.count == reconstructions.count,
      "ImageGrid: \(originals.count) originals and \(reconstructions.count) reconstructions")
    return picture(
      zip(originals, reconstructions).flatMap { [$0, $1] }, columnCount: 2 * pairCount)
  }
}
