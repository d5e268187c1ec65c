import CKernels

/// A map of an image's colours.
///
///     y = own·x + grey·(mean of x over the pixel's channels) + image·(mean of x over the image) + offset
///
/// But for the offset it is linear and its own transpose.
package struct ColorMixture: Sendable, Equatable {
  /// Factor of the number itself.
  package var own: Float
  /// Factor of the pixel's mean.
  package var grey: Float
  /// Factor of the image's mean.
  package var image: Float
  /// Added to all.
  package var offset: Float

  /// Gathers the factors.
  package init(own: Float, grey: Float, image: Float, offset: Float) {
    self.own = own
    self.grey = grey
    self.image = image
    self.offset = offset
  }
}

/// Mixes the colours of each image in its own way, and writes or adds the result.
///
/// The image's mean is taken in double precision by fixed chunks.
///
/// - Parameters:
///   - y: Result, as large as `x`.
///   - isAdding: Whether to add to `y`.
///   - x: Images of `shape`.
///   - mixtures: The map of each image.
///   - shape: The images' shape.
package func mixColors(
  into y: Buffer, isAdding: Bool, _ x: Buffer, _ mixtures: [ColorMixture], shape: ImageShape
) {
  precondition(
    y.count == x.count && x.count == shape.elementCount && mixtures.count == shape.batchSize,
    "mixColors: \(mixtures.count) mixtures, \(x.count) elements of \(shape) into \(y.count)")
  let (channelCount, size) = (shape.channelCount, shape.pixelCount * shape.channelCount)
  let (target, source) = (y.floats, x.floats)
  for (image, mixture) in mixtures.enumerated() {
    let start = image * size
    let total = sum(of: x[start..<start + size])
    let offset = Double(mixture.offset) + Double(mixture.image) * total / Double(max(1, size))
    parallelFor(shape.pixelCount, grain: rowGrain(channelCount)) { pixels in
      let first = start + pixels.lowerBound * channelCount
      CKernels_mixColors(
        target + first, source + first, mixture.own, mixture.grey, Float(offset),
        isAdding ? 1 : 0, Int64(pixels.count), Int64(channelCount))
    }
  }
}
