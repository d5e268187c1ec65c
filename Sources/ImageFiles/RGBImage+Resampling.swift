import CKernels

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
  /// Every pixel of a resized image depends on its own neighbourhood alone, so only the rows and
  /// columns that are kept are computed: the cost follows the window, however long the image.
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
    window.requireInside(height: newHeight, width: newWidth)
    let vertical =
      newHeight == height
      ? nil
      : ResamplingWeights(
        inputSize: height, outputSize: newHeight, kept: window.rows, filter: filter)
    let widened = resizedHorizontally(
      to: newWidth, filter,
      keeping: ImageWindow(rows: vertical?.inputs ?? window.rows, columns: window.columns))
    return vertical.map { widened.resizedVertically(to: window.rows.count, $0) } ?? widened
  }

  /// The rows of the window as they are, with its columns of the widened image.
  private func resizedHorizontally(
    to newWidth: Int, _ filter: ResamplingFilter, keeping window: ImageWindow
  ) -> RGBImage {
    guard newWidth != width else { return cropped(to: window) }
    let weights = ResamplingWeights(
      inputSize: width, outputSize: newWidth, kept: window.columns, filter: filter)
    let (newHeight, keptWidth) = (window.rows.count, window.columns.count)
    let byteCount = newHeight * keptWidth * 3
    let resized = [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
      pixels.withUnsafeBufferPointer { pixels in
        let firstPixel = (window.rows.lowerBound * width + weights.inputs.lowerBound) * 3
        weights.withAxis {
          CKernels_resampleHorizontally(
            output.baseAddress, pixels.baseAddress.map { $0 + firstPixel }, $0, Int64(newHeight),
            Int64(width), Int64(keptWidth))
        }
      }
      count = byteCount
    }
    return RGBImage(height: newHeight, width: keptWidth, pixels: resized)
  }

  /// The weighted sums of the rows, of which the image has those that the weights take.
  private func resizedVertically(to newHeight: Int, _ weights: ResamplingWeights) -> RGBImage {
    let resized = [UInt8](unsafeUninitializedCapacity: newHeight * width * 3) { output, count in
      weights.withAxis {
        CKernels_resampleVertically(
          output.baseAddress, pixels, $0, Int64(newHeight), Int64(width * 3))
      }
      count = newHeight * width * 3
    }
    return RGBImage(height: newHeight, width: width, pixels: resized)
  }
}
