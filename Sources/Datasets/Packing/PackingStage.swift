import ArrayFiles

/// Where shards stand until all are made: an `OutputStage`, `.NAME.packing`, with a record for each shard.
struct PackingStage {
  /// What is known of a finished shard.
  struct Record: Codable {
    /// `PackingPlan.Shard.digest`.
    var plan: String
    /// Samples; of a shard without any there is no file.
    var sampleCount: Int
    /// Size of the file in bytes.
    var byteSize: Int
    /// Digest of the file, as `xxh64:` and 16 hexadecimal digits.
    var digest: String
    /// Images that could not be taken.
    var damaged: [PackingReport.Damaged]
    /// Samples of each class that has any.
    var classCounts: [Int: Int]

    /// Whether the counts can be those of a shard.
    func isPossible(classCount: Int) -> Bool {
      sampleCount >= 0 && classCounts.allSatisfy { (0..<classCount).contains($0) && $1 > 0 }
        && classCounts.values.reduce(0) { $0 &+ $1 } == sampleCount
    }
  }

  private let stage: OutputStage

  /// The data set's folder.
  var destination: String { stage.destination }
  /// The folder that will be the data set's.
  var dataFolder: String { stage.dataFolder }

  /// Takes the stage of a destination.
  ///
  /// - Parameters:
  ///   - destination: The data set's folder; nothing, or an empty folder, may stand there.
  ///   - isFirst: Whether this is the process that makes the folders and holds the lock.
  /// - Throws: `DataError` if something stands at the destination, or another packing is under way; `FileError`.
  init(for destination: String, isFirst: Bool) throws {
    if isFirst { try Self.requirePlace(SystemPath.withoutEndingSlash(destination)) }
    do {
      stage = try OutputStage(for: destination, kind: "packing", isFirst: isFirst)
    } catch let error as OutputStageHeld {
      throw DataError(
        file: error.destination, problem: "another packing writes it",
        advice: "Wait for it, or choose another folder.")
    }
  }

  /// Refuses a place that a folder cannot be renamed to: that is to be known before the work.
  private static func requirePlace(_ path: String) throws {
    try requireNothing(at: path)
    guard let problem = FileSystem.problemOfRename(to: path) else { return }
    throw DataError(
      file: path, problem: problem, advice: "Name a folder that is not there yet, below it.")
  }

  /// The record of a shard that is finished and would come out the same; nil where there is none.
  ///
  /// - Parameters:
  ///   - shard: The shard.
  ///   - plan: Its plan.
  ///   - verifies: Whether the whole file is compared with its digest, not its size alone.
  /// - Returns: The record.
  func record(
    of shard: PackingPlan.Shard, in plan: PackingPlan, verifies: Bool = false
  ) -> Record? {
    guard let record = stage.record(Self.name(shard), as: Record.self),
      record.plan == shard.digest, record.isPossible(classCount: plan.classCount)
    else { return nil }
    guard record.sampleCount > 0 else { return record }
    let path = path(of: shard, in: plan)
    guard (try? FileSystem.size(of: path)) == record.byteSize,
      !verifies || (try? ContentDigest.ofFile(at: path).prefixed) == record.digest
    else { return nil }
    return record
  }

  /// Notes that a shard is finished.
  ///
  /// - Throws: `FileError`.
  func write(_ record: Record, of shard: PackingPlan.Shard) throws {
    try stage.write(record, as: Self.name(shard))
  }

  /// Where a shard's file stands until the end.
  func path(of shard: PackingPlan.Shard, in plan: PackingPlan) -> String {
    SystemPath.path(
      of: ShardFormat.fileName(shard.number), in: self.folder(ofPart: shard.part, in: plan))
  }

  /// Where a data set's folder stands until the end.
  func folder(ofPart part: Int, in plan: PackingPlan) -> String {
    let name = plan.partNames[part]
    return name.isEmpty ? dataFolder : dataFolder + "/" + name
  }

  /// Removes what is no part of a plan: files of an earlier packing of other images, or with other parts.
  ///
  /// - Throws: `FileError`.
  func removeStrangers(to plan: PackingPlan) throws {
    let parts = plan.partNames.indices.map { folder(ofPart: $0, in: plan) }
    let files = plan.shards.map { path(of: $0, in: plan) }
    // Of one data set without parts the folder is the data folder itself.
    let top = parts == [dataFolder] ? files : parts
    try stage.removeStrangers(
      to: Set(top.map { SystemPath.name(of: $0) }), records: Set(plan.shards.map(Self.name)))
    for part in parts where part != dataFolder && FileSystem.isDirectory(part) {
      let own = files.filter { SystemPath.parent(of: $0) == part }.map { SystemPath.name(of: $0) }
      try OutputStage.removeStrangers(to: Set(own), in: part)
    }
  }

  /// Gives the data sets their final place.
  ///
  /// - Throws: `DataError` if something stands there now; `FileError`.
  func publish() throws {
    try requireNothing(at: destination)
    try stage.publishFolder()
  }

  /// Removes the stage.
  func remove() { stage.remove() }

  /// Whether no shard is finished.
  var isEmpty: Bool { stage.isEmpty }

  private static func name(_ shard: PackingPlan.Shard) -> String {
    "\(shard.part)-\(zeroPadded(shard.number, digitCount: 5))"
  }
}

/// Refuses a place for a new folder where something stands.
func requireNothing(at path: String) throws(DataError) {
  guard FileSystem.kind(of: path, followsLinks: false) != nil else { return }
  guard let names = try? FileSystem.names(in: path), names.isEmpty else {
    throw DataError(
      file: path, problem: "something is there already",
      advice: "Remove it or choose another folder; nothing was written.")
  }
}
