/// Something that comes by itself while MPI is asked about it.
protocol Arrival {
  /// Who waits for what, for an error.
  var context: CallContext { get }
  /// Lets MPI make progress and says whether it is here.
  func test() throws -> Bool
}

extension Request: Arrival {}

/// A part of a sum over ranks: messages that start together, and what is done once all are through.
struct SumStage {
  let start: () throws -> [any Arrival]
  let finish: () -> Void
}

/// The canonical sum of one bucket, under way.
///
/// It moves only while somebody calls ``advance()``, and never waits.
final class BucketSum {
  let memory: SumMemory
  private let stages: [SumStage]
  private var finishedCount = 0
  /// What the present stage waits for, the first to come last.
  private var awaited: [any Arrival]

  /// Starts the sum.
  ///
  /// `memory` is this sum's alone until it is done.
  init(_ bucket: UnsafeMutableBufferPointer<Float>, call: CollectiveCall, memory: SumMemory) throws
  {
    self.memory = memory
    let worldSize = call.communicator.worldSize
    stages =
      worldSize & (worldSize - 1) == 0
      ? Butterfly(call: call, buffer: bucket, memory: memory).stages()
      : PairwiseSum(call: call, buffer: bucket, memory: memory).stages()
    awaited = try stages[0].start().reversed()
  }

  /// Whether every rank's sum is in the bucket and no message is under way.
  var isDone: Bool { finishedCount == stages.count }

  /// What is being waited for; nil when the sum is done.
  var awaitedContext: CallContext? { awaited.last?.context }

  /// Goes as far as the messages that are here allow.
  ///
  /// - Returns: Whether that was any step further.
  func advance() throws -> Bool {
    var hasMoved = false
    while !isDone {
      // In order: a header is looked at before the data that it speaks of.
      while let next = awaited.last {
        guard try next.test() else { return hasMoved }
        awaited.removeLast()
        hasMoved = true
      }
      stages[finishedCount].finish()
      finishedCount += 1
      hasMoved = true
      if !isDone { awaited = try stages[finishedCount].start().reversed() }
    }
    return hasMoved
  }
}

/// What the sum of one bucket needs beside the bucket.
struct SumMemory {
  /// Where partial sums of other ranks wait to be added.
  let partials: UnsafeMutableBufferPointer<Float>
  /// The finished sum in the form in which it travels, where that is not the bucket's own.
  let packed: UnsafeMutableBufferPointer<UInt16>?

  /// Takes memory for buckets of up to `elementCount` elements.
  init(elementCount: Int, worldSize: Int, wire: WireFormat) {
    let partialCount =
      worldSize & (worldSize - 1) == 0
      ? (elementCount + 1) / 2 : (elementCount + worldSize - 1) / worldSize * (worldSize - 1)
    partials = .allocate(capacity: partialCount)
    packed = wire == .bfloat16 ? .allocate(capacity: elementCount) : nil
  }

  func deallocate() {
    partials.deallocate()
    packed?.deallocate()
  }

  /// The bytes in which a range of a bucket's finished sum travels.
  func wireBytes(
    of range: Range<Int>, in bucket: UnsafeMutableBufferPointer<Float>
  ) -> UnsafeMutableRawBufferPointer {
    packed?.part(range).mutableBytes ?? bucket.part(range).mutableBytes
  }

  /// Rounds and packs a range of the bucket that this rank has finished.
  func pack(_ range: Range<Int>, of bucket: UnsafeMutableBufferPointer<Float>) {
    guard let packed else { return }
    MessagePassing.pack(bucket.part(range), into: packed.part(range))
  }

  /// Unpacks the whole bucket.
  func unpack(into bucket: UnsafeMutableBufferPointer<Float>) {
    guard let packed else { return }
    MessagePassing.unpack(packed.part(0..<bucket.count), into: bucket)
  }
}

extension UnsafeMutableBufferPointer where Element: BitwiseCopyable {
  /// The elements of a range, as a buffer of their own.
  func part(_ range: Range<Int>) -> Self { Self(rebasing: self[range]) }

  /// The elements as bytes to send.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(self) }

  /// The elements as bytes to receive into.
  var mutableBytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(self) }
}
