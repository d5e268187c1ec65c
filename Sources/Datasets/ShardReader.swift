package import ArrayFiles

/// Reads the samples of one shard file.
///
/// The whole file is compared with the manifest before it is opened; everything but the images is read
/// and checked when it is.
public final class ShardReader: Sendable {
  /// Path of the file.
  public let path: String
  /// How the images are stored.
  public let image: ImageKind
  /// The class of each sample.
  public let labels: [Int32]
  /// The key of each sample.
  public let keys: [String]
  /// The file that was compared with the manifest.
  package let identity: FileIdentity
  /// Where each image begins in the dataset `bytes`, and where the last one ends.
  private let offsets: [Int]
  private let bytes: HDF5Dataset

  /// Number of samples.
  public var sampleCount: Int { labels.count }
  /// Bytes of all images.
  public var imageByteCount: Int { offsets[offsets.count - 1] }

  /// Opens a shard.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - expected: What the manifest says of it.
  ///   - identity: The file that was compared with that before, which is not read for it again.
  /// - Throws: `DataError` if it is missing or not the one of the manifest; no byte of it has been
  ///   believed then; if it is no shard or of another version, or if its datasets do not agree with
  ///   each other.
  package init(
    path: String, expected: DatasetManifest.Shard, comparedBefore identity: FileIdentity? = nil
  ) throws(DataError) {
    self.path = path
    let (file, found) = try DataError.locating(file: path) {
      // Before the comparison: a file that is changed during it is compared again the next time.
      let found = try FileIdentity(of: path)
      return (
        try HDF5File(reading: path, matching: expected.record, comparedBefore: identity), found
      )
    }
    self.identity = found
    let (announcedCount, image) = try Self.readAttributes(of: file)
    func read<Value>(_ name: String, _ body: (HDF5Dataset) throws -> Value) throws(DataError)
      -> Value
    {
      try DataError.locating(file: path, dataset: name) { try body(try file.dataset(name)) }
    }
    typealias Name = ShardFormat.Dataset
    let offsets = try read(Name.offsets) { try $0.read(as: UInt64.self) }
    let labels = try read(Name.labels) { try $0.read(as: Int32.self) }
    let keys = try read(Name.keys) { try $0.readStrings() }
    let bytes = try read(Name.bytes) { $0 }
    for (name, count) in [
      (Name.labels, labels.count), (Name.keys, keys.count), (Name.offsets, offsets.count - 1),
    ] where count != announcedCount || count < 1 {
      throw DataError(
        file: path, dataset: name,
        problem: "it is for \(count) samples, the attribute sample_count says \(announcedCount)",
        advice: restoreAdvice)
    }
    self.image = image
    self.labels = labels
    self.keys = keys
    self.bytes = bytes
    self.offsets = try Self.checkedOffsets(
      offsets, keys: keys, image: image, byteCount: bytes.elementCount, path: path)
  }

  /// Reads a run of samples with one read of the file.
  ///
  /// - Parameter range: Positions in the shard.
  /// - Returns: The samples.
  /// - Throws: `DataError` if the bytes cannot be read or do not match their checksums.
  /// - Precondition: The range lies in the shard.
  public func samples(_ range: Range<Int>) throws(DataError) -> [Sample] {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= sampleCount,
      "ShardReader: samples \(range) of a shard of \(sampleCount)")
    guard let first = range.first else { return [] }
    let start = offsets[first]
    let run = try DataError.locating(
      file: path, dataset: ShardFormat.Dataset.bytes, index: first, key: keys[first]
    ) {
      try bytes.read(as: UInt8.self, range: start..<offsets[range.upperBound])
    }
    return range.map { index in
      Sample(
        bytes: Array(run[offsets[index] - start..<offsets[index + 1] - start]),
        label: Int(labels[index]), key: keys[index], file: path, index: index)
    }
  }

  private static func readAttributes(of file: HDF5File) throws(DataError) -> (Int, ImageKind) {
    typealias Name = ShardFormat.Attribute
    return try DataError.locating(file: file.path) {
      let attributes = file.attributes
      let format = try attributes.string(Name.format)
      let version = try attributes.integer(Name.version)
      guard format == ShardFormat.name, ShardFormat.readableVersions.contains(Int(version)) else {
        throw DataError(
          file: file.path,
          problem: "its format is '\(format)' version \(version), expected '\(ShardFormat.name)' "
            + "version 1 or \(ShardFormat.version)",
          advice: "Write the data set anew with this program.")
      }
      let count = try claimedSize(
        attributes.integer(Name.sampleCount), field: Name.sampleCount, of: file.path, atLeast: 1,
        limit: SizeLimit.sampleCount)
      let kind = try attributes.string(Name.imageKind)
      switch kind {
      case ImageKind.encoded.name:
        return (count, .encoded)
      case "rgb8":
        return (
          count,
          try .claimedRGB8(
            height: attributes.integer(Name.height), width: attributes.integer(Name.width),
            of: file.path)
        )
      default:
        throw DataError(
          file: file.path,
          problem: "its image kind is '\(kind)', expected 'rgb8' or 'encoded'",
          advice: "Write the data set anew with this program.")
      }
    }
  }

  /// The offsets as places in the dataset `bytes`: they begin with 0, rise, and end with its last byte.
  private static func checkedOffsets(
    _ offsets: [UInt64], keys: [String], image: ImageKind, byteCount: Int, path: String
  ) throws(DataError) -> [Int] {
    func fail(_ index: Int, _ problem: String) -> DataError {
      DataError(
        file: path, dataset: ShardFormat.Dataset.offsets, index: index,
        key: index < keys.count ? keys[index] : nil, problem: problem, advice: restoreAdvice)
    }
    guard offsets[0] == 0 else { throw fail(0, "the first offset is \(offsets[0]), expected 0") }
    for index in keys.indices {
      let (start, end) = (offsets[index], offsets[index + 1])
      guard end > start else {
        throw fail(index, "offset \(end) follows \(start): offsets must rise")
      }
      if let expected = image.fixedByteCount, end - start != UInt64(expected) {
        throw fail(index, "the image has \(end - start) bytes, expected \(expected)")
      }
    }
    let end = offsets[offsets.count - 1]
    guard end == UInt64(byteCount) else {
      throw fail(
        keys.count - 1, "the last offset is \(end), the dataset 'bytes' has \(byteCount) bytes")
    }
    // They rise to the number of bytes, which is an Int.
    return offsets.map { Int($0) }
  }
}
