import ArrayFiles
import ImageFiles

/// Makes samples of images: what is stored of each.
struct SamplePreparation: Sendable {
  let storage: ImagePacking.Storage
  let source: ImageSource
  private let room = DecodingRoom()

  init(storage: ImagePacking.Storage, source: ImageSource) {
    (self.storage, self.source) = (storage, source)
  }

  /// Reads, checks and prepares one image.
  func sample(of image: ImageSource.Image) -> Result<Sample, any Error> {
    Result {
      let bytes = try source.bytes(of: image)
      if let dataset = source.dataset, dataset.image.fixedByteCount != nil {
        let stored = Sample(bytes: bytes, label: image.label, key: image.key, file: image.name)
        return try prepared(try dataset.image.image(of: stored), bytes, image)
      }
      return try room.holding(bytes) { () throws(any Error) in
        try prepared(try RGBImage(decoding: bytes, name: image.name), bytes, image)
      }
    }
  }

  private func prepared(
    _ picture: RGBImage, _ bytes: [UInt8], _ image: ImageSource.Image
  ) throws -> Sample {
    let stored =
      switch storage {
      case .square(let size, .centre): picture.evaluationCropped(size: size).pixels
      case .square(let size, .adm): picture.admCentreCropped(size: size).pixels
      case .asIs: bytes
      }
    return Sample(bytes: stored, label: image.label, key: image.key)
  }
}
