import ArrayFiles

/// Writes the shards and the manifest of a data set into a folder.
///
/// Samples are gathered in memory until a shard is full. Nothing is read back.
struct DatasetWriter {
  /// Bytes of images a shard holds about.
  static let defaultShardByteCount = 256 << 20

  private let folder: String
  private let shardByteCount: Int
  private var manifest: DatasetManifest
  private var gathered: [Sample] = []
  private var gatheredByteCount = 0

  init(
    folder: String, image: ImageKind, classes: [String], attribution: String, provenance: String,
    shardByteCount: Int = defaultShardByteCount
  ) {
    precondition(
      shardByteCount > 0, "DatasetWriter: shards of \(shardByteCount) bytes hold nothing")
    self.folder = folder
    self.shardByteCount = shardByteCount
    manifest = DatasetManifest(
      image: image, classes: classes, shards: [], attribution: attribution, provenance: provenance)
  }

  /// Adds a sample; writes a shard if it is full.
  mutating func append(_ sample: Sample) throws {
    precondition(
      manifest.classes.indices.contains(sample.label),
      "DatasetWriter: label \(sample.label) of '\(sample.key)' among \(manifest.classes.count) classes"
    )
    precondition(
      manifest.image.fixedByteCount.map { $0 == sample.bytes.count } ?? !sample.bytes.isEmpty,
      "DatasetWriter: \(sample.bytes.count) bytes for '\(sample.key)' of kind \(manifest.image)")
    if !gathered.isEmpty && gatheredByteCount + sample.bytes.count > shardByteCount {
      try writeShard()
    }
    gathered.append(sample)
    gatheredByteCount += sample.bytes.count
  }

  /// Writes the last shard and the manifest.
  ///
  /// - Precondition: There was at least one sample.
  mutating func finish() throws -> DatasetManifest {
    if !gathered.isEmpty { try writeShard() }
    precondition(!manifest.shards.isEmpty, "DatasetWriter: a data set without samples")
    try manifest.write(inFolder: folder)
    return manifest
  }

  private mutating func writeShard() throws {
    let name = ShardFormat.fileName(manifest.shards.count)
    let path = folder + "/" + name
    try ShardFormat.write(gathered, image: manifest.image, to: path)
    manifest.shards.append(
      DatasetManifest.Shard(
        file: name, sampleCount: gathered.count, byteSize: try FileSystem.size(of: path),
        digest: try ContentDigest.ofFile(at: path).prefixed))
    gathered.removeAll(keepingCapacity: true)
    gatheredByteCount = 0
  }
}

/// Writes a folder aside and publishes it under its final name, whole or not at all.
///
/// - Parameters:
///   - path: The final folder; nothing, or an empty folder, may stand there.
///   - body: Gets the path of the temporary folder and fills it.
/// - Returns: What `body` returns.
/// - Throws: `DataError` if something is there already; what `body` throws; `FileError`.
func publishFolder<Result>(at path: String, _ body: (_ temporary: String) throws -> Result) throws
  -> Result
{
  let final = SystemPath.withoutEndingSlash(path)
  try requireNothing(at: final)
  return try AtomicFile.publishDirectory(to: final, body)
}
