import ArrayFiles
import DataParallel
import Datasets
import ImageFiles
import Inference
public import MessagePassing
import Training

/// Times the way of the images in training without training: rank 0 reads lanes and sends them, every rank decodes.
///
/// Source: Docs/Data.md, "Who reads".
public struct DataBenchmark: Sendable {
  /// A data set; nil for images that are made up in memory, which nothing is read for.
  public var data: String?
  /// Side of the squares that images become.
  public var size = 256
  /// Lanes of a rank.
  public var laneCountPerRank = 1
  /// Images of a lane.
  public var sampleCountPerLane = 32
  /// Steps of each measurement.
  public var stepCount = 20
  /// Images a second that a rank trains on; nil for no account of ranks.
  public var samplesPerSecond: Double?

  /// Made-up images in messages of 32.
  public init() {}

  /// Messages that are kept to be sent again and again.
  private static let keptByteCount = 64 << 20
  private static let keptCount = 32
  /// Seconds that a rank decodes.
  private static let decodingSeconds = 1.0

  /// Measures.
  ///
  /// Collective: every rank, with the same request; rank 0 reads.
  ///
  /// - Returns: The rates, on rank 0; nil on the others.
  /// - Throws: The errors of data and ranks.
  public func run(_ communicator: Communicator) throws -> DataReport? {
    let isFirst = communicator.rank == 0
    let laneCount = laneCountPerRank * communicator.worldSize
    let source = try isFirst ? DataBenchmarkSource(self, laneCount: laneCount) : nil
    let reads = try source?.readings(stepCount: stepCount) ?? []
    try communicator.barrier()
    let messages = try source?.messages(upTo: Self.keptCount, byteCount: Self.keptByteCount) ?? [[]]
    let sending = try transport(communicator, laneCount: laneCount) { step, lane in
      messages[(step * laneCount + lane) % messages.count]
    }
    let link = try LinkTiming(messages: messages, count: stepCount * laneCount).run(communicator)
    let whole = try transport(communicator, laneCount: laneCount) { step, lane in
      try source?.message(step: step, lane: lane) ?? []
    }
    let decoding = try decodingRates(communicator, messages)
    guard let source else { return nil }
    return try DataReport(
      rankCount: communicator.worldSize, imageByteCount: source.meanImageByteCount(of: messages),
      messageByteCount: messages.reduce(0) { $0 + $1.count } / messages.count,
      sampleCountPerMessage: sampleCountPerLane, size: size, readings: reads, sending: sending,
      linkBytesPerSecond: link, whole: whole, decodingRates: decoding,
      samplesPerSecond: samplesPerSecond)
  }

  /// Brings all lanes of all steps to their ranks, which throw them away.
  private func transport(
    _ communicator: Communicator, laneCount: Int, _ read: @escaping SampleTransport.Reader
  ) throws -> DataReport.Transport {
    let plan = try LanePlan(laneCount: laneCount, worldSize: communicator.worldSize)
    try communicator.barrier()
    let start = ContinuousClock.now
    let transport = try SampleTransport(
      plan: plan, communicator: communicator, steps: 0..<stepCount, read: read)
    var byteCount = 0
    for step in 0..<stepCount {
      for lane in plan.lanes(of: communicator.rank) {
        byteCount += try transport.next(step: step, lane: lane).count
      }
    }
    try communicator.barrier()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try transport.stop()
    let counts = try communicator.allGather([byteCount]).map { $0[0] }
    return DataReport.Transport(
      messageCount: stepCount * laneCount,
      sentMessageCount: stepCount * (laneCount - plan.lanesPerRank),
      sentByteCount: counts.dropFirst().reduce(0, +),
      imageCount: stepCount * laneCount * sampleCountPerLane, seconds: seconds)
  }

  /// Images a second that one thread of each rank prepares for training, all ranks at once.
  private func decodingRates(_ communicator: Communicator, _ messages: [[UInt8]]) throws -> [Double]
  {
    let message = try communicator.broadcast(messages[0], root: 0)
    let preparation = LanePreparation(size: size)
    try communicator.barrier()
    let start = ContinuousClock.now
    var count = 0
    var seconds = 0.0
    repeat {
      count += try preparation.imageCount(of: message)
      seconds = (ContinuousClock.now - start) / .seconds(1)
    } while seconds < Self.decodingSeconds
    return try communicator.allGather([Double(count) / seconds]).map { $0[0] }
  }
}

/// The images of a benchmark, on rank 0.
struct DataBenchmarkSource: Sendable {
  private let folder: String?
  private let made: [Sample]
  private let dataset: ImageDataset?
  private let plan: EpochPlan

  /// Made-up images: as many, of this side.
  private static let (madeCount, madeSize) = (32, 256)

  init(_ benchmark: DataBenchmark, laneCount: Int) throws {
    folder = benchmark.data
    dataset = try folder.map { try ImageDataset(folder: $0) }
    let images = SyntheticImages(classCount: 8, size: Self.madeSize)
    made =
      try dataset == nil
      ? (0..<Self.madeCount).map {
        Sample(bytes: try images.image(at: $0).pngBytes(), label: $0 % 8, key: "image-\($0)")
      } : []
    plan = EpochPlan(
      sampleCount: dataset?.sampleCount ?? Self.madeCount, laneCount: laneCount,
      samplesPerLane: benchmark.sampleCountPerLane, seed: 0)
  }

  /// The message of a lane, read and put together.
  func message(step: Int, lane: Int) throws -> [UInt8] { try message(step, lane, from: dataset) }

  private func message(_ step: Int, _ lane: Int, from dataset: ImageDataset?) throws -> [UInt8] {
    if let dataset {
      return try ImageLaneReader(dataset: dataset, skipsDamaged: false) { _ in }
        .training(plan, step: step, lane: lane)
    }
    let items = (0..<plan.samplesPerLane).map { slot in
      let place = plan.place(step: step, lane: lane, slot: slot)
      return ImageLaneMessage.Item(sample: made[place.sampleIndex], ordinal: place.ordinal)
    }
    return ImageLaneMessage(image: .encoded, items: items).bytes
  }

  /// The first messages.
  func messages(upTo count: Int, byteCount: Int) throws -> [[UInt8]] {
    var messages: [[UInt8]] = []
    var total = 0
    while messages.isEmpty || (messages.count < count && total < byteCount) {
      let number = messages.count
      messages.append(
        try message(step: number / plan.laneCount, lane: number % plan.laneCount))
      total += messages[number].count
    }
    return messages
  }

  /// Bytes of an image as it is stored.
  func meanImageByteCount(of messages: [[UInt8]]) throws -> Int {
    let sizes = try messages.flatMap { bytes in
      try ImageLaneMessage(bytes: bytes).items.map { $0.sample.bytes.count }
    }
    return sizes.reduce(0, +) / max(sizes.count, 1)
  }

  /// Reads the lanes of some steps: as the system has the files, from its memory, and once more by the same reader.
  func readings(stepCount: Int) throws -> [DataReport.Reading] {
    guard let folder, let dataset else {
      return [try reading(.formed, stepCount, from: nil)]
    }
    let fresh = try ImageDataset(folder: folder)
    return [
      try reading(.first, stepCount, from: dataset), try reading(.warm, stepCount, from: fresh),
      try reading(.again, stepCount, from: fresh),
    ]
  }

  private func reading(
    _ kind: DataReport.Reading.Kind, _ stepCount: Int, from dataset: ImageDataset?
  ) throws -> DataReport.Reading {
    let start = ContinuousClock.now
    var byteCount = 0
    for step in 0..<stepCount {
      for lane in 0..<plan.laneCount { byteCount += try message(step, lane, from: dataset).count }
    }
    return DataReport.Reading(
      kind: kind, imageCount: stepCount * plan.globalBatchSize, byteCount: byteCount,
      seconds: (ContinuousClock.now - start) / .seconds(1))
  }
}
