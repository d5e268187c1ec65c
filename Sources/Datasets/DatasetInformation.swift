/// What a data set holds.
public struct DatasetInformation: Hashable, Sendable {
  /// A class and how many samples it has.
  public struct ClassCount: Hashable, Sendable {
    /// Name of the class.
    public let name: String
    /// Number of its samples.
    public let sampleCount: Int
  }

  /// What `dataset.json` says.
  public let manifest: DatasetManifest
  /// Samples of each class in the order of the labels.
  public let classes: [ClassCount]
  /// Bytes of all images.
  public let imageByteCount: Int
  /// Bytes of all shard files.
  public let fileByteCount: Int

  /// Number of samples.
  public var sampleCount: Int { manifest.sampleCount }

  /// Reads what a data set holds from its manifest and the labels of its shards.
  ///
  /// - Parameter dataset: The data set.
  /// - Throws: `DataError` if a shard is missing or damaged.
  public init(of dataset: ImageDataset) throws(DataError) {
    manifest = dataset.manifest
    var counts = [Int](repeating: 0, count: manifest.classes.count)
    var byteCount = 0
    for number in manifest.shards.indices {
      let shard = try dataset.shard(number)
      for label in shard.labels { counts[Int(label)] += 1 }
      byteCount += shard.imageByteCount
    }
    classes = zip(manifest.classes, counts).map { ClassCount(name: $0, sampleCount: $1) }
    imageByteCount = byteCount
    fileByteCount = manifest.shards.reduce(0) { $0 + $1.byteSize }
  }
}
