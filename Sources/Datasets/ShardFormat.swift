import ArrayFiles

/// The layout of a shard file.
///
/// HDF5 with the datasets `bytes` (uint8, the images in one run), `offsets` (uint64, n + 1: image i
/// is `bytes[offsets[i]..<offsets[i + 1]]`), `labels` (int32) and `keys` (strings), all in chunks
/// with checksums, and attributes of the file. Raw images use the same layout with equal strides.
/// Strings take the room of the longest; in version 1, which is read too, they lie in a heap.
enum ShardFormat {
  static let name = "restok-shard"
  static let version = 2
  static let readableVersions = 1...2

  enum Attribute {
    static let format = "format"
    static let version = "format_version"
    static let sampleCount = "sample_count"
    static let imageKind = "image_kind"
    static let height = "height"
    static let width = "width"
  }

  enum Dataset {
    static let bytes = "bytes"
    static let offsets = "offsets"
    static let labels = "labels"
    static let keys = "keys"
  }

  /// Name of the shard of a given number.
  static func fileName(_ number: Int) -> String {
    "shard-" + zeroPadded(number, digitCount: 5) + ".h5"
  }

  /// Publishes a shard.
  ///
  /// - Throws: `HDF5Error` or `FileError` if the disk refuses; then nothing is under `path`.
  static func write(_ samples: [Sample], image: ImageKind, to path: String) throws {
    var offsets: [UInt64] = [0]
    var bytes: [UInt8] = []
    bytes.reserveCapacity(samples.reduce(0) { $0 + $1.bytes.count })
    for sample in samples {
      bytes += sample.bytes
      offsets.append(UInt64(bytes.count))
    }
    try AtomicFile.publish(to: path) { temporary in
      let file = try HDF5File(creating: temporary)
      let attributes = file.attributes
      try attributes.set(Attribute.format, .string(name))
      try attributes.set(Attribute.version, .integer(Int64(version)))
      try attributes.set(Attribute.sampleCount, .integer(Int64(samples.count)))
      try attributes.set(Attribute.imageKind, .string(image.name))
      if case .rgb8(let height, let width) = image {
        try attributes.set(Attribute.height, .integer(Int64(height)))
        try attributes.set(Attribute.width, .integer(Int64(width)))
      }
      try file.write(Dataset.bytes, bytes)
      try file.write(Dataset.offsets, offsets)
      try file.write(Dataset.labels, samples.map { Int32($0.label) })
      try file.write(Dataset.keys, strings: samples.map(\.key))
      try file.close()
    }
  }
}
