/// A rectangle of an image's pixels.
package struct ImageWindow: Equatable, Sendable {
  /// The rows, from the top.
  package let rows: Range<Int>
  /// The columns, from the left.
  package let columns: Range<Int>

  /// The pixels of some rows and columns.
  package init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
  }

  /// The square in the middle of an image.
  ///
  /// - Parameters:
  ///   - size: Side of the square.
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  ///   - convention: Rounding of the offsets.
  /// - Returns: The square.
  /// - Precondition: `size` is at most the short side.
  static func centre(
    _ size: Int, ofHeight height: Int, width: Int, convention: CropConvention
  ) -> ImageWindow {
    precondition(
      size <= height && size <= width,
      "centre: a square of \(size) in an image of \(height) x \(width)")
    func range(_ side: Int) -> Range<Int> {
      let offset =
        switch convention {
        case .torchvision: Int((Double(side - size) / 2).rounded(.toNearestOrEven))
        case .adm: (side - size) / 2
        }
      return offset..<offset + size
    }
    return ImageWindow(rows: range(height), columns: range(width))
  }

  /// Stops a caller whose window has no pixels or goes beyond the image.
  func requireInside(height: Int, width: Int) {
    precondition(
      rows.lowerBound >= 0 && columns.lowerBound >= 0 && !rows.isEmpty && !columns.isEmpty
        && rows.upperBound <= height && columns.upperBound <= width,
      "a window of rows \(rows) and columns \(columns) is not inside \(height) x \(width)")
  }
}
