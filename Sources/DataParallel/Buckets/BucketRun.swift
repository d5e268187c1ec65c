import Kernels
import MessagePassing

/// A part of a bucket's way: messages that start together, and what is done once all are through.
struct BucketStage {
  let start: () throws -> [any Arrival]
  let finish: () -> Void

  init(start: @escaping () throws -> [any Arrival], finish: @escaping () -> Void) {
    self.start = start
    self.finish = finish
  }

  /// Work without messages.
  init(_ finish: @escaping () -> Void) { self.init(start: { [] }, finish: finish) }
}

/// One bucket under way.
///
/// It moves only while somebody calls ``advance()``, and never waits.
final class BucketRun {
  private let stages: [BucketStage]
  private var finishedCount = 0
  /// What the present stage waits for, the first to come last.
  private var awaited: [any Arrival]

  /// Starts the first stage.
  init(_ stages: [BucketStage]) throws {
    self.stages = stages
    awaited = try stages.first?.start().reversed() ?? []
  }

  /// Whether all is done and no message is under way.
  var isDone: Bool { finishedCount == stages.count }

  /// What is being waited for; nil when all is done.
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

// A message keeps the storage of its buffer, so the pointers that MPI holds stay good.
extension CollectiveCall {
  func send(_ buffer: Buffer, to peer: Int) throws -> Request {
    try buffer.withUnsafeMutableBytes {
      try send(UnsafeRawBufferPointer($0), to: peer, keeping: [buffer.storage])
    }
  }

  func receive(into buffer: Buffer, from peer: Int) throws -> Request {
    try buffer.withUnsafeMutableBytes {
      try receive(into: $0, from: peer, keeping: [buffer.storage])
    }
  }

  func allReduceSum(of terms: Buffer, into sum: Buffer) throws -> Request {
    try terms.withUnsafeMutableBytes { source in
      try sum.withUnsafeMutableBytes { target in
        try allReduceSum(
          of: UnsafeRawBufferPointer(source), into: target, keeping: [terms.storage, sum.storage])
      }
    }
  }
}
