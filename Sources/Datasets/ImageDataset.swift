import ArrayFiles
import Foundation
import Synchronization

/// A data set of images in shards, read by the index of a sample.
///
/// Samples are read in blocks of neighbours, of which some are kept, so that the order of an
/// `EpochPlan` with the same block size reads every block once. Each shard is compared with the digest
/// of the manifest when it is opened for the first time, and again only if its file was changed since.
/// May be used from several threads; reads follow one another.
public final class ImageDataset: Sendable {
  private struct State {
    var shards = Shards()
    var blocks: BlockCache<[Result<Sample, DataError>]>
  }

  /// The shards that are open, and the files that have been compared with the manifest.
  private struct Shards {
    var open = BlockCache<ShardReader>(capacity: 64)
    var compared: [Int: FileIdentity] = [:]
    /// Shards that are damaged, and why: they are not read again for every image that is replaced.
    var refused: [Int: DataError] = [:]
  }

  /// The data set's folder.
  public let folder: String
  /// What `dataset.json` says.
  public let manifest: DatasetManifest
  /// Samples that are read together.
  public let blockSampleCount: Int
  /// Index of the first sample of each shard, and the number of samples.
  private let starts: [Int]
  private let state: Mutex<State>

  /// Number of samples.
  public var sampleCount: Int { manifest.sampleCount }
  /// How the images are stored.
  public var image: ImageKind { manifest.image }

  /// Opens a data set.
  ///
  /// - Parameters:
  ///   - folder: The data set's folder.
  ///   - blockSampleCount: Samples that are read together; equal to the plan's.
  ///   - cacheByteCount: Bytes of images that are kept in memory.
  /// - Throws: `DataError` if the manifest is missing or not as expected, or a shard is missing or
  ///   has another size.
  public init(
    folder: String, blockSampleCount: Int = EpochPlan.defaultBlockSampleCount,
    cacheByteCount: Int = 384 << 20
  ) throws(DataError) {
    precondition(
      blockSampleCount > 0, "ImageDataset: blocks of \(blockSampleCount) samples hold nothing")
    self.folder = folder
    self.blockSampleCount = blockSampleCount
    manifest = try DatasetManifest(folder: folder)
    starts = manifest.shards.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.sampleCount) }
    state = Mutex(State(blocks: BlockCache(capacity: cacheByteCount)))
    for shard in manifest.shards {
      try Self.checkSize(of: folder + "/" + shard.file, shard.byteSize)
      if let archive = shard.archive(in: folder) {
        try Self.checkSize(of: archive.path, archive.byteSize)
      }
    }
  }

  /// Reads a sample.
  ///
  /// - Parameter index: Index in the data set, over all shards.
  /// - Returns: The sample as it is stored.
  /// - Throws: `DataError` that names shard, dataset, index and key.
  /// - Precondition: The index is below `sampleCount`.
  public func sample(at index: Int) throws(DataError) -> Sample {
    precondition(
      index >= 0 && index < sampleCount, "ImageDataset: sample \(index) of \(sampleCount)")
    let number = index / blockSampleCount
    let start = number * blockSampleCount
    // Mutex's closure takes no typed error across its boundary, so a Result carries it.
    let block: Result<[Result<Sample, DataError>], DataError> = state.withLock { state in
      Result { () throws(DataError) in
        let range = start..<min(start + blockSampleCount, sampleCount)
        var shards = state.shards
        defer { state.shards = shards }
        return try state.blocks.block(number, weight: Self.byteCount) {
          () throws(DataError) in try read(range, from: &shards)
        }
      }
    }
    return try block.get()[index - start].get()
  }

  /// Opens the shard of a number; the last ones used stay open.
  ///
  /// - Parameter number: Position in the manifest.
  /// - Returns: The reader.
  /// - Throws: `DataError` if the shard cannot be read or contradicts the manifest.
  public func shard(_ number: Int) throws(DataError) -> ShardReader {
    let shard: Result<ShardReader, DataError> = state.withLock { state in
      Result { () throws(DataError) in try open(number, in: &state.shards) }
    }
    return try shard.get()
  }

  /// Path of the shard of a number.
  func shardPath(_ number: Int) -> String { folder + "/" + manifest.shards[number].file }

  private static func byteCount(of block: [Result<Sample, DataError>]) -> Int {
    block.reduce(0) { sum, sample in sum + ((try? sample.get())?.bytes.count ?? 0) }
  }

  private func read(_ range: Range<Int>, from shards: inout Shards)
    throws(DataError) -> [Result<Sample, DataError>]
  {
    var samples: [Result<Sample, DataError>] = []
    for number in manifest.shards.indices {
      let part = range.clamped(to: starts[number]..<starts[number + 1])
      guard !part.isEmpty else { continue }
      let shard = try open(number, in: &shards)
      samples += try shard.results(
        part.lowerBound - starts[number]..<part.upperBound - starts[number])
    }
    return samples
  }

  private func open(_ number: Int, in shards: inout Shards) throws(DataError) -> ShardReader {
    if let error = shards.refused[number] { throw error }
    do {
      return try openUnrefused(number, in: &shards)
    } catch {
      if !error.mayPass { shards.refused[number] = error }
      throw error
    }
  }

  private func openUnrefused(_ number: Int, in shards: inout Shards) throws(DataError)
    -> ShardReader
  {
    let compared = shards.compared[number]
    let shard = try shards.open.block(number, weight: { _ in 1 }) { () throws(DataError) in
      let expected = manifest.shards[number]
      let shard = try ShardReader(
        path: shardPath(number), expected: expected, folder: folder, comparedBefore: compared)
      guard shard.sampleCount == expected.sampleCount, shard.image == manifest.image else {
        throw DataError(
          file: shard.path,
          problem: "it has \(shard.sampleCount) samples of kind \(shard.image), the manifest says "
            + "\(expected.sampleCount) of kind \(manifest.image)",
          advice: restoreAdvice)
      }
      if let index = shard.labels.firstIndex(where: { !manifest.classes.indices.contains(Int($0)) })
      {
        throw DataError(
          file: shard.path, dataset: ShardFormat.Dataset.labels, index: index,
          key: shard.keys[index],
          problem: "the label is \(shard.labels[index]), expected 0 ... "
            + "\(manifest.classes.count - 1)",
          advice: restoreAdvice)
      }
      return shard
    }
    shards.compared[number] = shard.identity
    return shard
  }

  private static func checkSize(of path: String, _ byteSize: Int) throws(DataError) {
    guard let size = try? FileSystem.size(of: path) else {
      throw DataError(
        file: path, problem: "the shard is missing or cannot be read", advice: restoreAdvice)
    }
    guard size == byteSize else {
      throw DataError(
        file: path, problem: "the shard has \(size) bytes, the manifest says \(byteSize)",
        advice: restoreAdvice)
    }
  }
}

extension DatasetManifest.Shard {
  /// The archive that the images are in, seen from where the program runs.
  func archive(in folder: String) -> (path: String, byteSize: Int)? {
    guard let archive, let archiveByteSize else { return nil }
    let isAbsolute = archive.utf8.first == UInt8(ascii: "/")
    return (isAbsolute ? archive : SystemPath.path(of: archive, in: folder), archiveByteSize)
  }
}
