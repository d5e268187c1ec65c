import ArrayFiles

/// Reads the samples of one shard file.
///
/// Everything but the images is read and checked when the file is opened.
public final class ShardReader: Sendable {
  /// Path of the file.
  public let path: String
  /// How the images are stored.
  public let image: ImageKind
  /// The class of each sample.
  public let labels: [Int32]
  /// The key of each sample.
  public let keys: [String]
  /// Where each image begins in the dataset `bytes`, and where the last one ends.
  private let offsets: [UInt64]
  private let bytes: HDF5Dataset

  /// Number of samples.
  public var sampleCount: Int { labels.count }
  /// Bytes of all images.
  public var imageByteCount: Int { Int(offsets[offsets.count - 1]) }

  /// Opens a shard.
  ///
  /// - Parameter path: The file.
  /// - Throws: `DataError` if it is missing, damaged, no shard or of another version, or if its
  ///   datasets do not agree with each other.
  public init(path: String) throws(DataError) {
    self.path = path
    let file = try DataError.locating(file: path) { try HDF5File(reading: path) }
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
    self.offsets = offsets
    self.bytes = bytes
    try checkOffsets()
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
    let start = Int(offsets[first])
    let run = try DataError.locating(
      file: path, dataset: ShardFormat.Dataset.bytes, index: first, key: keys[first]
    ) {
      try bytes.read(as: UInt8.self, range: start..<Int(offsets[range.upperBound]))
    }
    return range.map { index in
      Sample(
        bytes: Array(run[Int(offsets[index]) - start..<Int(offsets[index + 1]) - start]),
        label: Int(labels[index]), key: keys[index], file: path, index: index)
    }
  }

  private static func readAttributes(of file: HDF5File) throws(DataError) -> (Int, ImageKind) {
    typealias Name = ShardFormat.Attribute
    return try DataError.locating(file: file.path) {
      let attributes = file.attributes
      let format = try attributes.string(Name.format)
      let version = try attributes.integer(Name.version)
      guard format == ShardFormat.name, version == ShardFormat.version else {
        throw DataError(
          file: file.path,
          problem: "its format is '\(format)' version \(version), expected '\(ShardFormat.name)' "
            + "version \(ShardFormat.version)",
          advice: "Write the data set anew with this program.")
      }
      let count = Int(try attributes.integer(Name.sampleCount))
      let kind = try attributes.string(Name.imageKind)
      switch kind {
      case ImageKind.encoded.name:
        return (count, .encoded)
      case "rgb8":
        let height = Int(try attributes.integer(Name.height))
        let width = Int(try attributes.integer(Name.width))
        return (count, .rgb8(height: height, width: width))
      default:
        throw DataError(
          file: file.path,
          problem: "its image kind is '\(kind)', expected 'rgb8' or 'encoded'",
          advice: "Write the data set anew with this program.")
      }
    }
  }

  private func checkOffsets() throws(DataError) {
    func fail(_ index: Int, _ problem: String) -> DataError {
      DataError(
        file: path, dataset: ShardFormat.Dataset.offsets, index: index,
        key: index < keys.count ? keys[index] : nil, problem: problem, advice: restoreAdvice)
    }
    guard offsets[0] == 0 else { throw fail(0, "the first offset is \(offsets[0]), expected 0") }
    for index in labels.indices {
      let (start, end) = (offsets[index], offsets[index + 1])
      guard end > start else {
        throw fail(index, "offset \(end) follows \(start): offsets must rise")
      }
      if let expected = image.fixedByteCount, end - start != UInt64(expected) {
        throw fail(index, "the image has \(end - start) bytes, expected \(expected)")
      }
    }
    let end = offsets[offsets.count - 1]
    guard end == UInt64(bytes.elementCount) else {
      throw fail(
        labels.count - 1,
        "the last offset is \(end), the dataset 'bytes' has \(bytes.elementCount) bytes")
    }
  }
}
