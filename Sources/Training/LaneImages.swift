import Datasets
import ImageFiles
import Inference
import Tensors

extension ImageLaneMessage {
  /// The images of a training lane, augmented, `[samples, size, size, 3]` in [0, 1].
  ///
  /// - Parameters:
  ///   - size: Height and width of the model's images.
  ///   - augmentation: Random changes, keyed by a sample's ordinal.
  ///   - seed: Seed of the run.
  /// - Returns: The images.
  /// - Throws: `DataError` naming an image that cannot be decoded.
  func trainingImages(size: Int, augmentation: Augmentation, seed: UInt64) throws -> Tensor {
    let images = try items.map { item in
      var stream = RandomStream(
        RandomKey(seed: seed, purpose: .augmentation, index: item.ordinal))
      return try image.trainingImage(of: item.sample, size: size, augmentation: augmentation) {
        UInt32(stream.integer(below: Int($0)))
      }
    }
    return Tensor(images: images)
  }

  /// The images of an evaluation lane at the model's size.
  func evaluationImages(size: Int) throws -> [RGBImage] {
    try items.map { try image.evaluationImage(of: $0.sample, size: size) }
  }
}
