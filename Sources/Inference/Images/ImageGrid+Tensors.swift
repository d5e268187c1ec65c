public import ImageFiles
public import Tensors

extension ImageGrid {
  /// One picture with every original to the left of its reconstruction.
  ///
  /// - Parameters:
  ///   - originals: `[B, height, width, 3]` in [0, 1], float32.
  ///   - reconstructions: The same shape; values outside [0, 1] are clamped.
  ///   - pairCount: Pairs a row; nil for about as many columns as rows.
  /// - Returns: The picture.
  /// - Precondition: Both have one shape, and there is an image.
  public func picture(
    originals: Tensor, besideReconstructions reconstructions: Tensor, pairCount: Int? = nil
  ) -> RGBImage {
    precondition(
      originals.shape == reconstructions.shape,
      "ImageGrid: originals \(originals.shape) and reconstructions \(reconstructions.shape)")
    let count = originals.shape[0]
    return picture(
      originals: RGBImage.images(of: originals),
      besideReconstructions: RGBImage.images(of: reconstructions),
      pairCount: pairCount ?? max(1, squareColumnCount(count * 2) / 2))
  }

  /// One picture with a row of samples for every class.
  ///
  /// - Parameters:
  ///   - samples: `[B, height, width, 3]`, float32, the samples of a class following each other.
  ///   - sampleCountPerClass: Samples of every class, at least 1.
  /// - Returns: The picture.
  /// - Precondition: There is an image.
  public func picture(samples: Tensor, sampleCountPerClass: Int) -> RGBImage {
    picture(RGBImage.images(of: samples), columnCount: sampleCountPerClass)
  }
}

/// The columns of a grid of `count` images that is about as wide as high.
func squareColumnCount(_ count: Int) -> Int {
  var columnCount = 1
  while columnCount * columnCount < count { columnCount += 1 }
  return columnCount
}
