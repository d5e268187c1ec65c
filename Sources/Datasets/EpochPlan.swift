/// Which training sample stands in (step, lane, slot): a pure function, constant in time and memory.
///
/// The samples of all steps form one endless sequence, in the order of step, lane, slot. Its element
/// `n` belongs to epoch `n / sampleCount`, where it has position `n % sampleCount`; so a step may
/// end one epoch and begin the next, and nothing depends on the number of ranks. Inside an epoch
/// every sample stands at exactly one position:
///
/// 1. Positions are cut into windows of `windowBlockCount` blocks; inside a window they are
///    permuted.
/// 2. Blocks of `blockSampleCount` neighbours in the data set are permuted. The last block of the
///    data set, if it is shorter, is put between two others at random.
///
/// So the reader goes through the data set in whole blocks, and needs a window of them in memory.
public struct EpochPlan: Hashable, Sendable {
  /// The sample that stands in one place.
  public struct Place: Hashable, Sendable {
    /// Number of the sample in the endless sequence; a key for what is drawn for it.
    public var ordinal: Int
    /// How often every sample has been visited before.
    public var epoch: Int
    /// Index of the sample in the data set.
    public var sampleIndex: Int
  }

  /// Samples of a block where nothing else is said.
  public static let defaultBlockSampleCount = 32
  /// Blocks of a window where nothing else is said.
  public static let defaultWindowBlockCount = 32

  /// Number of samples in the data set.
  public let sampleCount: Int
  /// Number of lanes of a step.
  public let laneCount: Int
  /// Number of samples of a lane.
  public let samplesPerLane: Int
  /// The run's seed.
  public let seed: UInt64
  /// Samples that stay together when blocks are permuted.
  public let blockSampleCount: Int
  /// Blocks among which samples are mixed.
  public let windowBlockCount: Int

  /// Makes a plan.
  ///
  /// - Parameters:
  ///   - sampleCount: Number of samples in the data set.
  ///   - laneCount: Number of lanes of a step.
  ///   - samplesPerLane: Number of samples of a lane.
  ///   - seed: The run's seed.
  ///   - blockSampleCount: Samples that stay together when blocks are permuted.
  ///   - windowBlockCount: Blocks among which samples are mixed.
  /// - Precondition: All counts are positive.
  public init(
    sampleCount: Int, laneCount: Int, samplesPerLane: Int, seed: UInt64,
    blockSampleCount: Int = defaultBlockSampleCount,
    windowBlockCount: Int = defaultWindowBlockCount
  ) {
    precondition(
      [sampleCount, laneCount, samplesPerLane, blockSampleCount, windowBlockCount].min() ?? 0 > 0,
      "EpochPlan: \(sampleCount) samples, \(laneCount) lanes x \(samplesPerLane), blocks of "
        + "\(blockSampleCount), windows of \(windowBlockCount) blocks: all must be positive")
    self.sampleCount = sampleCount
    self.laneCount = laneCount
    self.samplesPerLane = samplesPerLane
    self.seed = seed
    self.blockSampleCount = blockSampleCount
    self.windowBlockCount = windowBlockCount
  }

  /// Samples of a step over all lanes.
  public var globalBatchSize: Int { laneCount * samplesPerLane }

  /// The sample of one place of one step.
  ///
  /// - Parameters:
  ///   - step: Number of the step, from 0.
  ///   - lane: Number of the lane.
  ///   - slot: Position in the lane.
  /// - Returns: The sample.
  /// - Precondition: The place exists.
  public func place(step: Int, lane: Int, slot: Int) -> Place {
    precondition(
      step >= 0 && lane >= 0 && lane < laneCount && slot >= 0 && slot < samplesPerLane,
      "EpochPlan: step \(step), lane \(lane), slot \(slot) among \(laneCount) lanes x "
        + "\(samplesPerLane)")
    let ordinal = step * globalBatchSize + lane * samplesPerLane + slot
    let epoch = ordinal / sampleCount
    return Place(
      ordinal: ordinal, epoch: epoch,
      sampleIndex: sampleIndex(epoch: epoch, position: ordinal % sampleCount))
  }

  /// The sample at a position of an epoch; for a fixed epoch a permutation of the data set.
  ///
  /// - Parameters:
  ///   - epoch: Number of the epoch, from 0.
  ///   - position: Position in the epoch.
  /// - Returns: Index of the sample in the data set.
  /// - Precondition: The position is below `sampleCount`.
  public func sampleIndex(epoch: Int, position: Int) -> Int {
    precondition(
      epoch >= 0 && position >= 0 && position < sampleCount,
      "EpochPlan: position \(position) of epoch \(epoch) among \(sampleCount) samples")
    return blockPermuted(windowPermuted(position, epoch: epoch), epoch: epoch)
  }

  /// The sample that replaces one that cannot be read.
  ///
  /// - Parameters:
  ///   - sampleIndex: Index of the damaged sample.
  ///   - attempt: 1 for the first replacement, 2 if that is damaged too, and so on.
  /// - Returns: Index of a neighbour, which is likely in memory.
  public func replacement(for sampleIndex: Int, attempt: Int) -> Int {
    (sampleIndex + attempt) % sampleCount
  }

  private func windowPermuted(_ position: Int, epoch: Int) -> Int {
    let windowSize = windowBlockCount * blockSampleCount
    let window = position / windowSize
    let start = window * windowSize
    let permutation = KeyedPermutation(
      count: min(windowSize, sampleCount - start),
      key: KeyMixing.key(seed: seed, .window, UInt64(epoch), UInt64(window)))
    return start + permutation[position - start]
  }

  private func blockPermuted(_ position: Int, epoch: Int) -> Int {
    let blockCount = sampleCount / blockSampleCount
    let tailCount = sampleCount % blockSampleCount
    let tailKey = KeyMixing.key(seed: seed, .tail, UInt64(epoch))
    let tailStart = Int(tailKey % UInt64(blockCount + 1)) * blockSampleCount
    if position >= tailStart && position < tailStart + tailCount {
      return blockCount * blockSampleCount + position - tailStart
    }
    let shifted = position < tailStart ? position : position - tailCount
    let permutation = KeyedPermutation(
      count: blockCount, key: KeyMixing.key(seed: seed, .blocks, UInt64(epoch)))
    return permutation[shifted / blockSampleCount] * blockSampleCount + shifted % blockSampleCount
  }
}
