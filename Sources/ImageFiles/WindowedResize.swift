import CKernels

/// A resize of which a window is kept.
///
/// Every pixel of a resized image depends on its own neighbourhood alone, so only the rows and columns
/// that are kept are computed, and only those that they take need to be there: the cost follows the
/// window, however long the image.
struct WindowedResize {
  /// What is kept of the resized image.
  private let kept: ImageWindow
  /// Weights of the rows and of the columns; nil where their number stays.
  private let rows: ResamplingWeights?
  private let columns: ResamplingWeights?
  /// Whether a column is the mean of two.
  private let isHalving: Bool

  /// The resize of an image of a size.
  ///
  /// - Precondition: The window has pixels and lies in the resized image.
  init(
    fromHeight height: Int, width: Int, toHeight newHeight: Int, width newWidth: Int,
    filter: ResamplingFilter, keeping window: ImageWindow
  ) {
    window.requireInside(height: newHeight, width: newWidth)
    kept = window
    isHalving = filter == .box && width == 2 * newWidth
    func weights(_ side: Int, _ newSide: Int, _ kept: Range<Int>) -> ResamplingWeights? {
      side == newSide
        ? nil
        : ResamplingWeights(inputSize: side, outputSize: newSide, kept: kept, filter: filter)
    }
    rows = weights(height, newHeight, window.rows)
    columns = weights(width, newWidth, window.columns)
  }

  /// What it takes of the image.
  var inputs: ImageWindow {
    ImageWindow(rows: rows?.inputs ?? kept.rows, columns: columns?.inputs ?? kept.columns)
  }

  /// The window's pixels.
  ///
  /// - Parameters:
  ///   - part: An image that holds at least the pixels of `inputs`.
  ///   - row: The row of the whole image that is the part's first.
  ///   - column: The column of the whole image that is the part's first.
  /// - Returns: What is kept.
  func callAsFunction(of part: RGBImage, atRow row: Int, column: Int) -> RGBImage {
    let inputs = ImageWindow(
      rows: self.inputs.rows.shifted(by: -row), columns: self.inputs.columns.shifted(by: -column))
    inputs.requireInside(height: part.height, width: part.width)
    let widened =
      isHalving
      ? part.halvedHorizontally(to: kept.columns.count, from: inputs)
      : columns.map { part.resizedHorizontally($0, from: inputs) } ?? part.cropped(to: inputs)
    return rows.map { widened.resizedVertically($0) } ?? widened
  }
}

extension Range<Int> {
  /// The range some positions further on.
  func shifted(by distance: Int) -> Range<Int> {
    lowerBound + distance..<upperBound + distance
  }
}

extension RGBImage {
  /// The rows of the window as they are, with the weighted sums of its columns.
  fileprivate func resizedHorizontally(_ weights: ResamplingWeights, from window: ImageWindow)
    -> RGBImage
  {
    let byteCount = window.rows.count * weights.keptCount * 3
    let firstByte = (window.rows.lowerBound * width + window.columns.lowerBound) * 3
    let resized = [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
      pixels.withUnsafeBufferPointer { pixels in
        weights.withAxis {
          CKernels_resampleHorizontally(
            output.baseAddress, pixels.baseAddress.map { $0 + firstByte }, $0,
            Int64(window.rows.count), Int64(width), Int64(weights.keptCount))
        }
      }
      count = byteCount
    }
    return RGBImage(height: window.rows.count, width: weights.keptCount, pixels: resized)
  }

  /// The rows of the window as they are, with the means of two columns.
  fileprivate func halvedHorizontally(to newWidth: Int, from window: ImageWindow) -> RGBImage {
    let byteCount = window.rows.count * newWidth * 3
    let firstByte = (window.rows.lowerBound * width + window.columns.lowerBound) * 3
    let halved = [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
      pixels.withUnsafeBufferPointer { pixels in
        CKernels_averageHorizontally(
          output.baseAddress, pixels.baseAddress.map { $0 + firstByte }, Int64(window.rows.count),
          Int64(width), Int64(newWidth))
      }
      count = byteCount
    }
    return RGBImage(height: window.rows.count, width: newWidth, pixels: halved)
  }

  /// The weighted sums of the rows, of which the image has those that the weights take.
  fileprivate func resizedVertically(_ weights: ResamplingWeights) -> RGBImage {
    let byteCount = weights.keptCount * width * 3
    let resized = [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
      weights.withAxis {
        CKernels_resampleVertically(
          output.baseAddress, pixels, $0, Int64(weights.keptCount), Int64(width * 3))
      }
      count = byteCount
    }
    return RGBImage(height: weights.keptCount, width: width, pixels: resized)
  }
}
