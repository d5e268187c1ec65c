import ArrayFiles
import ImageFiles

/// Makes a data set of WebDataset tars that stay where they are: an index of each.
///
/// Every image is decoded once, so that what cannot be taken is known before training.
public struct ArchiveIndexing: Sendable {
  /// What to do about an image that cannot be decoded.
  public var damaged: ImagePacking.DamagedPolicy
  /// Whom to credit for the images, and their licence.
  public var attribution: String

  private static let batchCount = 128

  /// Makes an indexing.
  public init(damaged: ImagePacking.DamagedPolicy = .stop, attribution: String = "") {
    self.damaged = damaged
    self.attribution = attribution
  }

  /// Makes the indices.
  ///
  /// - Parameters:
  ///   - source: A tar, a folder of tars, or a pattern of their names with braces.
  ///   - destination: The folder to write; nothing, or an empty folder, may stand there.
  ///   - progress: Called now and then with the number of images done and of all images.
  /// - Returns: What was taken and what was left out.
  /// - Throws: `DataError` or `ImageError` that says which image cannot be taken, unless the policy is `skip`;
  ///   `ArrayFileError` for what is no tar; `HDF5Error` or `FileError` if the disk refuses. Then nothing is under
  ///   `destination`.
  public func index(
    _ source: String, to destination: String,
    progress: (_ doneCount: Int, _ imageCount: Int) -> Void = { _, _ in }
  ) throws -> PackingReport {
    try requireNothing(at: SystemPath.withoutEndingSlash(destination))
    let source = try ImageSource(of: source, keepsEmptyClasses: false)
    guard !source.archives.isEmpty else {
      throw DataError(
        file: source.path, problem: "it leads to no WebDataset tars",
        advice: "Pack other images with `restok data pack`.")
    }
    var damaged = source.refusals.map { PackingReport.Damaged(name: $0.name, reason: $0.reason) }
    try requireTolerance(of: damaged)
    return try publishFolder(at: destination) { temporary in
      var manifest = DatasetManifest(
        image: .encoded, classes: source.classes, shards: [], attribution: attribution,
        provenance: "\(source.title): read where they are, in their order")
      var (doneCount, classCounts) = (0, [Int](repeating: 0, count: source.classes.count))
      for (number, images) in Self.imagesOfArchives(source).enumerated() {
        var entries = ArchiveIndexFormat.Entries()
        for start in stride(from: 0, to: images.count, by: Self.batchCount) {
          let batch = images[start..<min(start + Self.batchCount, images.count)]
          damaged += try add(Array(batch), of: source, to: &entries)
          doneCount += batch.count
          progress(doneCount, source.images.count)
        }
        guard !entries.keys.isEmpty else { continue }
        for label in entries.labels { classCounts[Int(label)] += 1 }
        manifest.shards.append(
          try write(entries, number, source.archives[number], in: temporary, for: destination))
      }
      guard !manifest.shards.isEmpty else {
        throw DataError(
          file: source.path, problem: "none of its \(source.images.count) images can be decoded",
          advice: "The first error was: \(damaged.first.map { "\($0.name): \($0.reason)" } ?? "")")
      }
      try manifest.write(inFolder: temporary)
      let part = PackingReport.Part(
        folder: destination, manifest: manifest, classCounts: classCounts)
      return PackingReport(
        parts: [part], damaged: damaged, omitted: source.omitted, damagedList: nil)
    }
  }

  private static func imagesOfArchives(_ source: ImageSource) -> [[ImageSource.Image]] {
    var images = [[ImageSource.Image]](repeating: [], count: source.archives.count)
    for image in source.images {
      if case .part(let archive, _) = image.place { images[archive].append(image) }
    }
    return images
  }

  /// Checks images and notes where they are; returns those that cannot be decoded.
  private func add(
    _ images: [ImageSource.Image], of source: ImageSource,
    to entries: inout ArchiveIndexFormat.Entries
  ) throws -> [PackingReport.Damaged] {
    let room = DecodingRoom()
    let digests = images.concurrentMap { image -> Result<UInt64, any Error> in
      Result {
        let bytes = try source.bytes(of: image)
        _ = try room.holding(bytes) { () throws(ImageError) in
          try RGBImage(decoding: bytes, name: image.name)
        }
        return bytes.withUnsafeBytes { ContentDigest.of($0).value }
      }
    }
    var damaged: [PackingReport.Damaged] = []
    for (image, digest) in zip(images, digests) {
      guard case .part(_, let range) = image.place else { continue }
      switch digest {
      case .success(let digest):
        entries.ranges.append(range)
        entries.digests.append(digest)
        entries.labels.append(Int32(image.label))
        entries.keys.append(image.key)
      case .failure(let error as ImageError) where self.damaged == .skip && !error.mayPass:
        damaged.append(.init(name: error.name, reason: error.reason))
      case .failure(let error): throw error
      }
    }
    return damaged
  }

  private func write(
    _ entries: ArchiveIndexFormat.Entries, _ number: Int, _ archive: SourceArchive,
    in folder: String, for destination: String
  ) throws -> DatasetManifest.Shard {
    let name = ArchiveIndexFormat.fileName(number)
    let path = folder + "/" + name
    try ArchiveIndexFormat.write(entries, to: path)
    return DatasetManifest.Shard(
      file: name, sampleCount: entries.keys.count, byteSize: try FileSystem.size(of: path),
      digest: try ContentDigest.ofFile(at: path).prefixed,
      archive: try FileSystem.relativePath(of: archive.path, from: destination),
      archiveByteSize: archive.byteCount)
  }

  private func requireTolerance(of damaged: [PackingReport.Damaged]) throws(DataError) {
    guard self.damaged == .stop, let first = damaged.first else { return }
    throw DataError(
      file: first.name, problem: first.reason,
      advice: "Mend it, or leave such samples out with --skip-damaged; nothing was written.")
  }
}
