import CKernels

/// A batch of channels-last images: `[batchSize, height, width, channelCount]`.
public struct ImageShape: Sendable, Hashable {
  /// Number of images.
  public var batchSize: Int
  /// Rows of an image.
  public var height: Int
  /// Columns of an image.
  public var width: Int
  /// Channels of a pixel.
  public var channelCount: Int

  /// The shape with the given sizes.
  public init(batchSize: Int, height: Int, width: Int, channelCount: Int) {
    self.batchSize = batchSize
    self.height = height
    self.width = width
    self.channelCount = channelCount
  }

  /// Pixels of one image.
  var pixelCount: Int { height * width }

  /// Number of elements.
  public var elementCount: Int { batchSize * pixelCount * channelCount }
}

/// y = factor · the sum of each 2×2 block of x, or y += when `isAdding`.
///
/// Average pooling with a factor of ¼; the gradient of nearest ×2 upsampling with 1.
///
/// - Parameters:
///   - y: Shaped like `small`.
///   - isAdding: Whether to add to `y`.
///   - x: The same with doubled height and width.
///   - factor: Factor of the sums.
///   - small: Shape of the smaller images.
public func sumBlocks2x2(
  into y: Buffer, isAdding: Bool, _ x: Buffer, factor: Float, small: ImageShape
) {
  precondition(
    y.count == small.elementCount && x.count == 4 * y.count,
    "sumBlocks2x2: \(x.count) elements into \(y.count) of \(small)")
  let (target, source, rowSize) = (y.floats, x.floats, small.width * small.channelCount)
  parallelFor(small.batchSize * small.height, grain: rowGrain(4 * rowSize)) { rows in
    CKernels_sumBlocks(
      target + rows.lowerBound * rowSize, source + rows.lowerBound * 4 * rowSize, factor,
      isAdding ? 1 : 0, Int64(rows.count), Int64(small.width), Int64(small.channelCount))
  }
}

/// Each 2×2 block of y = factor · the pixel of x, or y += when `isAdding`.
///
/// Nearest ×2 upsampling with a factor of 1; the gradient of average pooling with ¼.
///
/// - Parameters:
///   - y: Shaped like `small` with doubled height and width.
///   - isAdding: Whether to add to `y`.
///   - x: Shaped like `small`.
///   - factor: Factor of the pixels.
///   - small: Shape of the smaller images.
public func spreadBlocks2x2(
  into y: Buffer, isAdding: Bool, _ x: Buffer, factor: Float, small: ImageShape
) {
  precondition(
    x.count == small.elementCount && y.count == 4 * x.count,
    "spreadBlocks2x2: \(x.count) elements of \(small) into \(y.count)")
  let (target, source, rowSize) = (y.floats, x.floats, small.width * small.channelCount)
  parallelFor(small.batchSize * small.height, grain: rowGrain(4 * rowSize)) { rows in
    CKernels_spreadBlocks(
      target + rows.lowerBound * 4 * rowSize, source + rows.lowerBound * rowSize, factor,
      isAdding ? 1 : 0, Int64(rows.count), Int64(small.width), Int64(small.channelCount))
  }
}
