extension RGBImage {
  /// Resizes to a given height and width, to the byte as Pillow's `Image.resize` does.
  ///
  /// Two passes, first along the rows, then along the columns, with rounding to 8 bits between them;
  /// a pass that would change nothing is left out. (Pillow 13 began to start with the columns where
  /// the height shrinks by more than twice what the width does. The published models were trained
  /// before, so this order is kept for every shape.)
  ///
  /// - Parameters:
  ///   - height: New number of rows, at least 1.
  ///   - width: New number of columns, at least 1.
  ///   - filter: The kernel.
  /// - Returns: The resized image.
  /// - Precondition: The new sides are positive.
  public func resized(height: Int, width: Int, filter: ResamplingFilter = .bicubic) -> RGBImage {
    precondition(
      height >= 1 && width >= 1, "resized: the new size \(height) x \(width) has no pixels")
    return resized(
      height: height, width: width, filter: filter,
      keeping: ImageWindow(rows: 0..<height, columns: 0..<width))
  }

  /// A window of the resized image, to the byte what resizing everything and cropping would give.
  ///
  /// - Parameters:
  ///   - newHeight: Number of rows of the resized image.
  ///   - newWidth: Number of columns of the resized image.
  ///   - filter: The kernel.
  ///   - window: What is kept of the resized image.
  /// - Returns: The window's pixels.
  /// - Precondition: The window has pixels and lies in the resized image.
  package func resized(
    height newHeight: Int, width newWidth: Int, filter: ResamplingFilter,
    keeping window: ImageWindow
  ) -> RGBImage {
    WindowedResize(
      fromHeight: height, width: width, toHeight: newHeight, width: newWidth, filter: filter,
      keeping: window
    )(of: self, atRow: 0, column: 0)
  }
}
