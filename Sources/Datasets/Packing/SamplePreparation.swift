import ArrayFiles
import ImageFiles

/// Makes samples of images: what is stored of each.
struct SamplePreparation: Sendable {
  private let packing: ImagePacking
  private let source: ImageSource
  private let room = DecodingRoom()

  init(_ packing: ImagePacking, _ source: ImageSource) {
    (self.packing, self.source) = (packing, source)
  }

  /// Reads, checks and prepares one image.
  func sample(of image: ImageSource.Image) -> Result<Sample, any Error> {
    Result {
      let bytes = try source.bytes(of: image)
      let stored =
        if let dataset = source.dataset, dataset.image.fixedByteCount != nil {
          try pixels(
            of: Sample(bytes: bytes, label: image.label, key: image.key, file: image.name),
            dataset.image)
        } else {
          try room.holding(bytes) { () throws(ImageError) in
            try pixels(ofFile: bytes, name: image.name)
          }
        }
      return Sample(bytes: stored ?? bytes, label: image.label, key: image.key)
    }
  }

  /// The square's pixels; nil where the bytes stay as they are.
  private func pixels(ofFile bytes: [UInt8], name: String) throws(ImageError) -> [UInt8]? {
    guard case .square(let size, let crop) = packing.storage else {
      _ = try RGBImage(decoding: bytes, name: name)
      return nil
    }
    return try RGBImage(decoding: bytes, name: name, orientation: packing.orientation) {
      Self.plan(crop, size: size, height: $0, width: $1)
    }.pixels
  }

  private func pixels(of sample: Sample, _ kind: ImageKind) throws(DataError) -> [UInt8]? {
    guard case .square(let size, let crop) = packing.storage else { return nil }
    return try kind.image(of: sample) {
      Self.plan(crop, size: size, height: $0, width: $1)
    }.pixels
  }

  private static func plan(
    _ crop: ImagePacking.Crop, size: Int, height: Int, width: Int
  ) -> CropPlan {
    switch crop {
    case .centre: .evaluation(size: size, ofHeight: height, width: width)
    case .adm: .admCentre(size: size, ofHeight: height, width: width)
    }
  }
}
