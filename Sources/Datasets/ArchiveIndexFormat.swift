import ArrayFiles

/// The layout of an index of an archive: where its images are, so that training reads them from the archive itself.
///
/// HDF5 with the datasets `offsets` and `sizes` (uint64: image i is the archive's bytes from `offsets[i]`, as many as
/// `sizes[i]`), `digests` (uint64, XXH64 of these bytes), `labels` (int32) and `keys` (strings), and attributes of
/// the file. Source: Docs/Data.md, section "WebDataset".
enum ArchiveIndexFormat {
  static let name = "restok-index"
  static let version = 1

  private enum Dataset {
    static let offsets = "offsets"
    static let sizes = "sizes"
    static let digests = "digests"
    static let labels = "labels"
    static let keys = "keys"
  }

  /// The images of an archive.
  struct Entries {
    /// Where each is.
    var ranges: [Range<Int>] = []
    /// XXH64 of each.
    var digests: [UInt64] = []
    /// The class of each.
    var labels: [Int32] = []
    /// The key of each.
    var keys: [String] = []
  }

  /// Name of the index of a given number.
  static func fileName(_ number: Int) -> String {
    "index-" + zeroPadded(number, digitCount: 5) + ".h5"
  }

  /// Publishes an index.
  ///
  /// - Throws: `HDF5Error` or `FileError` if the disk refuses; then nothing is under `path`.
  static func write(_ entries: Entries, to path: String) throws {
    try AtomicFile.publish(to: path) { temporary in
      let file = try HDF5File(creating: temporary)
      try file.attributes.set(ShardFormat.Attribute.format, .string(name))
      try file.attributes.set(ShardFormat.Attribute.version, .integer(Int64(version)))
      try file.write(Dataset.offsets, entries.ranges.map { UInt64($0.lowerBound) })
      try file.write(Dataset.sizes, entries.ranges.map { UInt64($0.count) })
      try file.write(Dataset.digests, entries.digests)
      try file.write(Dataset.labels, entries.labels)
      try file.write(Dataset.keys, strings: entries.keys)
      try file.close()
    }
  }

  /// Reads an index.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - archiveByteCount: The size of the archive.
  /// - Returns: The images of the archive.
  /// - Throws: `DataError` if it is no index, or an image would lie outside of the archive.
  static func read(_ file: HDF5File, archiveByteCount: Int) throws(DataError) -> Entries {
    try DataError.locating(file: file.path) {
      let format = try file.attributes.string(ShardFormat.Attribute.format)
      let found = try file.attributes.integer(ShardFormat.Attribute.version)
      guard format == name, found == version else {
        throw DataError(
          file: file.path,
          problem:
            "its format is '\(format)' version \(found), expected '\(name)' version \(version)",
          advice: "Make the index anew (`restok data index`).")
      }
      let offsets = try file.dataset(Dataset.offsets).read(as: UInt64.self)
      let sizes = try file.dataset(Dataset.sizes).read(as: UInt64.self)
      var entries = Entries()
      entries.digests = try file.dataset(Dataset.digests).read(as: UInt64.self)
      entries.labels = try file.dataset(Dataset.labels).read(as: Int32.self)
      entries.keys = try file.dataset(Dataset.keys).readStrings()
      let counts = [
        offsets.count, sizes.count, entries.digests.count, entries.labels.count, entries.keys.count,
      ]
      guard Set(counts).count == 1 else {
        throw DataError(
          file: file.path, problem: "its datasets have \(counts) elements, expected equal numbers",
          advice: restoreAdvice)
      }
      entries.ranges = try zip(offsets, sizes).map { offset, size in
        let start = try claimedSize(
          offset, field: Dataset.offsets, of: file.path, limit: archiveByteCount)
        let count = try claimedSize(
          size, field: Dataset.sizes, of: file.path, limit: archiveByteCount - start)
        return start..<start + count
      }
      return entries
    }
  }
}
