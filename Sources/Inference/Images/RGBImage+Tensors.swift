public import ImageFiles
public import Tensors

extension RGBImage {
  /// The images of a batch.
  ///
  /// Values are clamped to [0, 1], multiplied by 255 and rounded to the nearest whole number, halves
  /// to the even one, as `torch.round` does; what is no number becomes 0.
  ///
  /// - Parameter batch: `[B, height, width, 3]`, float32.
  /// - Returns: `B` images.
  /// - Precondition: Shape and element type are these.
  public static func images(of batch: Tensor) -> [RGBImage] {
    precondition(
      batch.dimensionCount == 4 && batch.lastDimension == 3 && batch.elementType == .float32,
      "RGBImage: a batch is [B, height, width, 3] of float32, got \(batch.shape) of "
        + "\(batch.elementType)")
    let (height, width) = (batch.shape[1], batch.shape[2])
    return (0..<batch.shape[0]).map { index in
      let values = batch.slice(index..<index + 1).array(of: Float.self)
      return RGBImage(height: height, width: width, pixels: values.map(quantized))
    }
  }

  /// A value in [0, 1] as a byte.
  static func quantized(_ value: Float) -> UInt8 {
    guard value > 0 else { return 0 }
    return UInt8((min(value, 1) * 255).rounded(.toNearestOrEven))
  }
}

extension Tensor {
  /// The batch of some images: `[B, height, width, 3]` of float32, each byte divided by 255.
  ///
  /// - Parameter images: At least one image; all have one size.
  /// - Precondition: There is an image, and the sizes are equal.
  public init(images: [RGBImage]) {
    guard let first = images.first else { preconditionFailure("Tensor: a batch of no images") }
    precondition(
      images.allSatisfy { $0.height == first.height && $0.width == first.width },
      "Tensor: the images of a batch have different sizes")
    let shares = (0...255).map { Float($0) / 255 }
    var values: [Float] = []
    values.reserveCapacity(images.count * first.pixels.count)
    for image in images { values.append(contentsOf: image.pixels.lazy.map { shares[Int($0)] }) }
    self.init(values, shape: [images.count, first.height, first.width, 3])
  }
}
