import ArrayFiles
import ImageFiles

/// A packing under way, of which every process makes some shards.
///
/// The first process begins and finishes; the others join in between, and find the same images by themselves.
/// `planDigest` tells whether they did.
public final class PackingSession {
  private let packing: ImagePacking
  private let source: ImageSource
  private let plan: PackingPlan
  private let stage: PackingStage

  /// Images that are decoded at a time.
  private static let batchCount = 128

  /// Finds the images, and takes the place where the shards are made.
  ///
  /// - Parameters:
  ///   - packing: What is made of them.
  ///   - path: Where the images are.
  ///   - destination: The folder to write; nothing, or an empty folder, may stand there.
  ///   - isFirst: Whether this is the process that begins.
  /// - Throws: `ImageError` that names a file or folder that cannot be read; `DataError` if there are no classes, no
  ///   images, a class without them, if something stands at `destination` or lies within the source, or another
  ///   packing writes it; `ArrayFileError` for what is no tar; `FileError`.
  public init(
    _ packing: ImagePacking, _ path: String, to destination: String, isFirst: Bool
  ) throws {
    guard !FileSystem.isInside(destination, path) else {
      throw DataError(
        file: destination, problem: "it would be a folder of the images that are packed (\(path))",
        advice: "Name a folder elsewhere; nothing was written.")
    }
    self.packing = packing
    try requireNothing(at: SystemPath.withoutEndingSlash(destination))
    source = try ImageSource(of: path, keepsEmptyClasses: packing.keepsEmptyClasses)
    if packing.damaged == .stop, let refusal = source.refusals.first {
      throw DataError(
        file: refusal.name, problem: refusal.reason,
        advice: "Mend it, or leave such samples out with --skip-damaged; nothing was written.")
    }
    plan = try PackingPlan(packing, of: source)
    stage = try PackingStage(for: destination, isFirst: isFirst)
    guard isFirst else { return }
    try stage.removeStrangers(to: plan)
    for part in plan.partNames.indices {
      try FileSystem.createDirectory(stage.folder(ofPart: part, in: plan))
    }
  }

  /// Number of images.
  public var imageCount: Int { source.images.count }
  /// Number of shards.
  public var shardCount: Int { plan.shards.count }

  /// The number of shards that an earlier packing has finished.
  public var finishedShardCount: Int {
    plan.shards.count { stage.record(of: $0, in: plan) != nil }
  }

  /// A digest of what will be made of what, as `xxh64:` and 16 hexadecimal digits.
  public var planDigest: String {
    var digest = ContentDigest()
    for shard in plan.shards { digest.update(Array("\(shard.part) \(shard.digest)\n".utf8)) }
    return digest.prefixed
  }

  /// Makes this process's shards, every `count`-th, but for those that are finished.
  ///
  /// - Parameters:
  ///   - rank: The number of this process.
  ///   - count: The number of processes.
  ///   - progress: Called now and then with the number of images done by this process, and of those of its shards.
  /// - Throws: `ImageError` or `DataError` that names an image that cannot be taken, unless the policy is `skip`;
  ///   `HDF5Error` or `FileError` if the disk refuses.
  public func packShards(
    rank: Int, of count: Int, progress: (_ doneCount: Int, _ imageCount: Int) -> Void = { _, _ in }
  ) throws {
    let own = plan.shards.indices.filter { $0 % count == rank }.map { plan.shards[$0] }
    let imageCount = own.reduce(0) { $0 + $1.images.count }
    var doneCount = 0
    for shard in own {
      // What could not be decoded is tried again: it may have been mended without a trace.
      if let record = stage.record(of: shard, in: plan, verifies: true), record.damaged.isEmpty {
        doneCount += shard.images.count
      } else {
        try pack(shard) {
          doneCount += $0
          progress(doneCount, imageCount)
        }
      }
      progress(doneCount, imageCount)
    }
  }

  private func pack(_ shard: PackingPlan.Shard, progress: (_ count: Int) -> Void) throws {
    var samples: [Sample] = []
    var damaged: [PackingReport.Damaged] = []
    let preparation = SamplePreparation(packing, source)
    for start in stride(from: 0, to: shard.images.count, by: Self.batchCount) {
      let batch = shard.images[start..<min(start + Self.batchCount, shard.images.count)]
      let images = batch.map { source.images[$0] }
      for (image, result) in zip(images, images.concurrentMap { preparation.sample(of: $0) }) {
        switch result {
        case .success(let sample): samples.append(sample)
        // What cannot be read now may be sound.
        case .failure(let error as ImageError) where packing.damaged == .skip && !error.mayPass:
          damaged.append(.init(name: image.name, reason: error.reason))
        case .failure(let error as DataError) where packing.damaged == .skip && !error.mayPass:
          damaged.append(.init(name: image.name, reason: error.problem))
        case .failure(let error): throw error
        }
      }
      progress(batch.count)
    }
    try stage.write(try write(samples, damaged, as: shard), of: shard)
  }

  /// Writes a shard's file, if it has any samples.
  private func write(
    _ samples: [Sample], _ damaged: [PackingReport.Damaged], as shard: PackingPlan.Shard
  ) throws -> PackingStage.Record {
    var record = PackingStage.Record(
      plan: shard.digest, sampleCount: samples.count, byteSize: 0, digest: "", damaged: damaged,
      classCounts: Dictionary(samples.map { ($0.label, 1) }, uniquingKeysWith: +))
    guard !samples.isEmpty else { return record }
    let path = stage.path(of: shard, in: plan)
    try ShardFormat.write(samples, image: packing.imageKind(of: source), to: path)
    record.byteSize = try FileSystem.size(of: path)
    record.digest = try ContentDigest.ofFile(at: path).prefixed
    return record
  }

  /// Writes the manifests and gives the data sets their final place; all shards must be finished.
  ///
  /// - Throws: `DataError` if none of the images of a class, or of a part, can be decoded, or something stands at
  ///   the destination now; `FileError` if the disk refuses.
  public func finish() throws -> PackingReport {
    var records: [[PackingStage.Record]] = plan.partNames.map { _ in [] }
    for shard in plan.shards {
      guard let record = stage.record(of: shard, in: plan) else {
        throw DataError(
          file: stage.path(of: shard, in: plan), problem: "the shard that was just made is gone",
          advice: "Start the same command again: it makes what is missing.")
      }
      records[shard.part].append(record)
    }
    let damaged =
      source.refusals.map { PackingReport.Damaged(name: $0.name, reason: $0.reason) }
      + records.joined().flatMap(\.damaged)
    try requireImages(records, damaged)
    let parts = try records.enumerated().map { try writeManifest(ofPart: $0, $1) }
    let list = try writeList(of: damaged)
    try stage.publish()
    return PackingReport(
      parts: parts, damaged: damaged, omitted: source.omitted, damagedList: list)
  }

  private func requireImages(
    _ records: [[PackingStage.Record]], _ damaged: [PackingReport.Damaged]
  ) throws(DataError) {
    for (part, records) in records.enumerated()
    where !records.contains(where: { $0.sampleCount > 0 }) {
      let name = plan.partNames[part]
      throw DataError(
        file: source.path,
        problem: "none of the images" + (name.isEmpty ? "" : " of the part '\(name)'")
          + " can be decoded",
        advice: "The first error was: \(damaged.first.map { "\($0.name): \($0.reason)" } ?? "")")
    }
    guard source.numbersClassesByName, !packing.keepsEmptyClasses else { return }
    let counts = Self.classCounts(Array(records.joined()), classCount: source.classes.count)
    if let label = counts.firstIndex(of: 0) {
      throw DataError(
        file: source.path,
        problem:
          "no image of the class '\(VisibleText.name(source.classes[label]))' can be decoded",
        advice: "Replace its images, remove its folder, or keep the class with --keep-empty.")
    }
  }

  private static func classCounts(
    _ records: [PackingStage.Record], classCount: Int
  ) -> [Int] {
    records.reduce(into: [Int](repeating: 0, count: classCount)) { counts, record in
      for (label, count) in record.classCounts { counts[label] += count }
    }
  }

  private func writeManifest(
    ofPart part: Int, _ records: [PackingStage.Record]
  ) throws -> PackingReport.Part {
    let shards = records.enumerated().filter { $1.sampleCount > 0 }.map { number, record in
      DatasetManifest.Shard(
        file: ShardFormat.fileName(number), sampleCount: record.sampleCount,
        byteSize: record.byteSize, digest: record.digest)
    }
    let name = plan.partNames[part]
    let share = name.isEmpty ? "" : "; the part '\(name)'"
    let manifest = DatasetManifest(
      image: packing.imageKind(of: source), classes: source.classes, shards: shards,
      attribution: packing.attribution,
      provenance: "\(source.title): \(packing.recipe); shuffled with seed 0\(share)")
    try manifest.write(inFolder: stage.folder(ofPart: part, in: plan))
    return PackingReport.Part(
      folder: name.isEmpty ? stage.destination : stage.destination + "/" + name,
      manifest: manifest,
      classCounts: Self.classCounts(records, classCount: source.classes.count))
  }

  private func writeList(of damaged: [PackingReport.Damaged]) throws -> String? {
    guard !damaged.isEmpty else { return nil }
    let name = "damaged.txt"
    let text = damaged.map { VisibleText.lines("\($0.name): \($0.reason)") + "\n" }.joined()
    try AtomicFile.write(Array(text.utf8), to: stage.dataFolder + "/" + name)
    return stage.destination + "/" + name
  }

  /// Gives the place up after an error; shards that are finished stay for the next packing.
  public func endEarly() {
    if stage.isEmpty { stage.remove() }
  }
}
