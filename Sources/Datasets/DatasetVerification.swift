/// The result of reading a whole data set and checking everything that can be checked.
public struct DatasetVerification: Sendable {
  /// What was checked.
  public let manifest: DatasetManifest
  /// Number of samples that were found good.
  public let goodSampleCount: Int
  /// Everything that was found wrong, in the order of the shards.
  public let problems: [DataError]

  /// Whether nothing is wrong.
  public var isIntact: Bool { problems.isEmpty }

  /// Checks sizes and digests of the shards, their attributes, offsets and labels, and decodes every
  /// image.
  ///
  /// Of a shard whose digest is another nothing is read, and none of its images is good.
  ///
  /// - Parameters:
  ///   - folder: The data set's folder.
  ///   - progress: Called now and then with the number of samples done and of all samples.
  /// - Throws: `DataError` if the manifest is missing or not as expected, or a shard is missing or
  ///   has another size than the manifest says; anything else is a problem in the result.
  public init(
    folder: String, progress: (_ doneCount: Int, _ sampleCount: Int) -> Void = { _, _ in }
  ) throws(DataError) {
    let dataset = try ImageDataset(folder: folder)
    manifest = dataset.manifest
    var problems: [DataError] = []
    var goodCount = 0
    var doneCount = 0
    for number in manifest.shards.indices {
      let expected = manifest.shards[number]
      let before = doneCount
      do {
        let shard = try dataset.shard(number)
        for start in stride(from: 0, to: shard.sampleCount, by: dataset.blockSampleCount) {
          let range = start..<min(start + dataset.blockSampleCount, shard.sampleCount)
          let found = Self.problems(in: shard, range)
          goodCount += range.count - found.damagedCount
          problems += found.errors
          doneCount += range.count
          progress(doneCount, manifest.sampleCount)
        }
      } catch {
        problems.append(error)
        doneCount = before + expected.sampleCount
        progress(doneCount, manifest.sampleCount)
      }
    }
    self.problems = problems
    goodSampleCount = goodCount
  }

  private static func problems(in shard: ShardReader, _ range: Range<Int>) -> (
    damagedCount: Int, errors: [DataError]
  ) {
    let samples: [Result<Sample, DataError>]
    do {
      samples = try shard.results(range)
    } catch {
      // One damaged chunk fails the whole read: it tells neither more nor less than this.
      return (range.count, [error])
    }
    let image = shard.image
    let room = DecodingRoom()
    let errors = samples.concurrentMap { result -> DataError? in
      do throws(DataError) {
        let sample = try result.get()
        _ = try room.holding(sample.bytes) { () throws(DataError) in try image.image(of: sample) }
        return nil
      } catch {
        return error
      }
    }.compactMap(\.self)
    return (errors.count, errors)
  }
}
