package import ArrayFiles

/// Reads the samples of one shard file.
///
/// The whole file is compared with the manifest before it is opened; everything but the images is read
/// and checked when it is. Of an index of an archive the images are in the archive, and each is compared with its
/// digest when it is read.
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
  private let images: Images

  /// Where the images are.
  private enum Images {
    /// In the dataset `bytes`: where each begins, and where the last one ends.
    case inside(HDF5Dataset, offsets: [Int])
    /// In an archive.
    case archive(RandomAccessFile, ArchiveIndexFormat.Entries)
  }

  /// Number of samples.
  public var sampleCount: Int { labels.count }
  /// Bytes of all images.
  public var imageByteCount: Int {
    (0..<sampleCount).reduce(0) { $0 + byteCount(at: $1) }
  }

  /// Opens a shard.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - expected: What the manifest says of it.
  ///   - folder: The data set's folder.
  ///   - identity: The file that was compared with that before, which is not read for it again.
  /// - Throws: `DataError` if it is missing or not the one of the manifest; no byte of it has been
  ///   believed then; if it is no shard or of another version, or if its datasets do not agree with
  ///   each other.
  package init(
    path: String, expected: DatasetManifest.Shard, folder: String = "",
    comparedBefore identity: FileIdentity? = nil
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
    if let archive = expected.archive(in: folder) {
      let entries = try ArchiveIndexFormat.read(file, archiveByteCount: archive.byteSize)
      (image, labels, keys) = (.encoded, entries.labels, entries.keys)
      images = .archive(
        try DataError.locating(file: archive.path) { try RandomAccessFile(path: archive.path) },
        entries)
      return
    }
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
    images = .inside(
      bytes,
      offsets: try Self.checkedOffsets(
        offsets, keys: keys, image: image, byteCount: bytes.elementCount, path: path))
  }

  /// Bytes of an image as it is stored.
  package func byteCount(at index: Int) -> Int {
    switch images {
    case .inside(_, let offsets): offsets[index + 1] - offsets[index]
    case .archive(_, let entries): entries.ranges[index].count
    }
  }

  /// Reads a run of samples, of which single ones may be damaged where each is read by itself.
  ///
  /// - Throws: As `samples` does, where they are read together.
  func results(_ range: Range<Int>) throws(DataError) -> [Result<Sample, DataError>] {
    switch images {
    case .inside: try samples(range).map { .success($0) }
    case .archive(let archive, let entries):
      range.map { index in
        Result { () throws(DataError) in try sample(at: index, in: archive, entries) }
      }
    }
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
    guard case .inside(let bytes, let offsets) = images else {
      return try results(range).map { sample throws(DataError) in try sample.get() }
    }
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

  private func sample(
    at index: Int, in archive: RandomAccessFile, _ entries: ArchiveIndexFormat.Entries
  ) throws(DataError) -> Sample {
    let bytes = try DataError.locating(file: archive.path, index: index, key: keys[index]) {
      try archive.bytes(in: entries.ranges[index])
    }
    guard bytes.withUnsafeBytes({ ContentDigest.of($0).value }) == entries.digests[index] else {
      throw DataError(
        file: archive.path, index: index, key: keys[index],
        problem: "the image is not the one that was there when the index was made",
        advice: "Restore the archive from a copy, or make the index anew (`restok data index`).")
    }
    return Sample(
      bytes: bytes, label: Int(labels[index]), key: keys[index], file: archive.path, index: index)
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
