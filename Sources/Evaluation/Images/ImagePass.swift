import DataParallel
import Foundation
import ImageFiles
package import MessagePassing
import Synchronization

/// What a rank found out about a batch of images.
package struct BatchFigures: Sendable {
  /// Features, however the pass lays them out.
  package var floats: [Float] = []
  /// Scores, however the pass lays them out.
  package var doubles: [Double] = []
  /// Tokens, one image's behind the other's.
  package var tokens: [UInt16] = []

  /// Figures of no images.
  package init(floats: [Float] = [], doubles: [Double] = [], tokens: [UInt16] = []) {
    (self.floats, self.doubles, self.tokens) = (floats, doubles, tokens)
  }

  /// Whether they are of no images.
  var isEmpty: Bool { floats.isEmpty && doubles.isEmpty && tokens.isEmpty }

  /// The figures of every rank.
  ///
  /// Collective: every rank.
  package func gathered(_ communicator: Communicator) throws -> [BatchFigures] {
    let floats = try communicator.allGather(floats)
    let doubles = try communicator.allGather(doubles)
    let tokens = try communicator.allGather(tokens)
    return floats.indices.map {
      BatchFigures(floats: floats[$0], doubles: doubles[$0], tokens: tokens[$0])
    }
  }
}

/// The digests of a set's images, `PixelDigest`.
struct SetDigests: Sendable {
  /// Of the images as they were looked at.
  let prepared: String
  /// Of the images as the files have them.
  let stored: String
}

/// One pass over sets of images, shared out among the ranks in batches of a fixed size.
///
/// Rank 0 reads. A batch holds the same images whichever rank works on it, and what was found out about the batches is
/// collected in their order: neither depends on the number of ranks.
struct ImagePass {
  /// Images of a batch; the last one may have fewer.
  static let batchSize = 8

  let communicator: Communicator
  /// Told on rank 0 how many images are done, of how many, from 0 on.
  var progress: (_ doneCount: Int, _ count: Int) -> Void = { _, _ in }

  /// Reads every image once.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - sets: Sets of as many images, which are read side by side; known to rank 0 alone.
  ///   - measure: Looks at a batch of each set, whose first image has a number.
  ///   - collect: Takes what was found out about each batch, on every rank, in the order of the batches.
  /// - Returns: The digests of each set, on rank 0.
  /// - Throws: The errors of reading, of the two closures and of the ranks.
  @discardableResult func run(
    _ sets: [ImageSet]?, measure: (_ batches: [[RGBImage]], _ first: Int) throws -> BatchFigures,
    collect: (BatchFigures) throws -> Void
  ) throws -> [SetDigests] {
    let count = Int(try communicator.broadcast([Int64(sets?[0].count ?? 0)], root: 0)[0])
    let worldSize = communicator.worldSize
    let batchCount = (count + Self.batchSize - 1) / Self.batchSize
    let stepCount = (batchCount + worldSize - 1) / worldSize
    let readers = try ImageSetReaders(communicator.rank == 0 ? sets ?? [] : [])
    @Sendable func first(_ step: Int, _ lane: Int) -> Int {
      min(count, (step * worldSize + lane) * Self.batchSize)
    }
    let transport = try SampleTransport(
      plan: LanePlan(laneCount: worldSize, worldSize: worldSize), communicator: communicator,
      steps: 0..<stepCount
    ) { step, lane in
      try readers.message(min(Self.batchSize, count - first(step, lane)))
    }
    if communicator.rank == 0 { progress(0, count) }
    for step in 0..<stepCount {
      let batches = try ImageMessage.images(
        try transport.nextImages(step: step, lane: communicator.rank))
      let figures =
        try batches.isEmpty ? BatchFigures() : measure(batches, first(step, communicator.rank))
      // Ranks without a batch have found nothing.
      for figures in try figures.gathered(communicator) where !figures.isEmpty {
        try collect(figures)
      }
      if communicator.rank == 0 {
        progress(min(count, (step + 1) * worldSize * Self.batchSize), count)
      }
    }
    try transport.stop()
    return readers.digests
  }
}

extension SampleTransport {
  /// Waits for images as `next` does for samples.
  ///
  /// An evaluation has no steps that would mean anything to its user.
  ///
  /// - Throws: The reader's own error on the rank that reads; on the others, and else, what `next` throws.
  func nextImages(step: Int, lane: Int) throws -> [UInt8] {
    do {
      return try next(step: step, lane: lane)
    } catch let error as SampleReadingError {
      throw error.reason ?? error
    }
  }
}

/// The readers of some sets, used by the thread that reads ahead.
private final class ImageSetReaders: Sendable {
  private let readers: Mutex<[ImageSetReader]>

  init(_ sets: [ImageSet]) throws {
    var opened: [ImageSetReader] = []
    for set in sets { opened.append(try set.reader()) }
    readers = Mutex(opened)
  }

  /// The next images of every set in one message.
  func message(_ count: Int) throws -> [UInt8] {
    try readers.withLock { readers in
      count > 0 ? ImageMessage.bytes(try readers.map { try $0.next(count) }) : []
    }
  }

  var digests: [SetDigests] { readers.withLock { $0.map(\.digests) } }
}
