import Datasets
import ImageFiles
import Inference
import Tensors

extension ImageLaneMessage {
  /// The lane with its images as training takes them: decoded, cut and changed.
  ///
  /// - Parameters:
  ///   - size: Height and width of the model's images.
  ///   - augmentation: Random changes, keyed by a sample's ordinal.
  ///   - seed: Seed of the run.
  ///   - replacesDamaged: Whether the next image of the lane that can be decoded stands for one that cannot, with
  ///     the random changes of its place.
  /// - Returns: The lane.
  /// - Throws: `DataError` naming an image that cannot be decoded; with `replacesDamaged` only where all of them
  ///   cannot.
  func prepared(
    size: Int, augmentation: Augmentation, seed: UInt64, replacesDamaged: Bool
  ) throws(DataError) -> ImageLaneMessage {
    func image(of sample: Sample, at item: Item) throws(DataError) -> Item {
      var stream = RandomStream(
        RandomKey(seed: seed, purpose: .augmentation, index: item.ordinal))
      var sample = sample
      sample.bytes = try self.image.trainingImage(
        of: sample, size: size, augmentation: augmentation
      ) { UInt32(stream.integer(below: Int($0))) }.pixels
      return Item(sample: sample, ordinal: item.ordinal)
    }
    var replacedCount = 0
    var prepared: [Item] = []
    for (slot, item) in items.enumerated() {
      var next = 0
      while true {
        do {
          let sample = items[(slot + next) % items.count].sample
          prepared.append(try image(of: sample, at: item))
          break
        } catch {
          guard replacesDamaged, next + 1 < items.count else { throw error }
          if next == 0 { replacedCount += 1 }
          next += 1
        }
      }
    }
    return ImageLaneMessage(
      image: .rgb8(height: size, width: size), items: prepared, isPrepared: true,
      replacedCount: replacedCount)
  }

  /// The images of a prepared lane, `[samples, size, size, 3]` in [0, 1].
  func tensor() throws(DataError) -> Tensor {
    precondition(isPrepared, "ImageLaneMessage: the images are as they are stored")
    return Tensor(
      images: try items.map { item throws(DataError) in try image.image(of: item.sample) })
  }
}
