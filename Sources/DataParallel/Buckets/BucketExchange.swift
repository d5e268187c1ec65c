public import Kernels
public import MessagePassing

/// Brings buffers through one operation over the ranks, in place, bucket by bucket.
///
/// Goals, in order: the bits of ``CanonicalTree`` on every rank; a bounded amount of memory; the
/// least traffic, 2(p−1)/p of an all-reduced buffer sent by each of p ranks; few rounds.
///
/// Operations are element by element, so a buffer may be exchanged in any number of buckets, in any
/// cut, with the same result. An exchange need not be waited for: ``begin(elementCount:)`` opens it,
/// ``add(_:index:count:)`` hands in buckets as they become ready, ``progress()`` moves them between
/// other work, and ``finish()`` waits for what is left without holding a core. No thread is involved,
/// so nothing competes with the computation that goes on meanwhile. One exchange is used by one
/// thread at a time.
/// Source: Thakur, Rabenseifner & Gropp 2005, section 4.5; the order of the partners is ours.
public final class BucketExchange {
  /// What is done with every bucket.
  public let operation: BucketOperation
  private let communicator: Communicator
  private var call: CollectiveCall?
  private var waiting: [(bucket: Buffer, call: CollectiveCall)] = []
  private var underWay: [BucketRun] = []
  private var isUsable = true

  /// Buckets whose messages are under way at the same time, which bounds the memory.
  private static let underWayLimit = 8

  /// Makes an exchange that nothing was handed to.
  ///
  /// - Parameters:
  ///   - operation: What is done with every bucket.
  ///   - communicator: The ranks; the exchanges are collectives of it.
  public init(_ operation: BucketOperation, communicator: Communicator) {
    self.operation = operation
    self.communicator = communicator
  }

  /// Exchanges a whole buffer, cut into buckets, and waits for it.
  ///
  /// Collective: every rank, with the same number of elements and the same cut.
  ///
  /// - Parameters:
  ///   - buffer: The elements.
  ///   - bucketSize: The elements of a bucket, by default 1 Mi (4 MiB).
  /// - Throws: `MessagePassingError`, also when the numbers of elements differ.
  public func run(on buffer: Buffer, bucketSize: Int = 1 << 20) throws {
    begin(elementCount: buffer.count)
    // An empty buffer is one empty bucket, so that other sizes on other ranks are found out.
    let starts = [0] + stride(from: 0, to: buffer.count, by: bucketSize).dropFirst()
    for (index, start) in starts.enumerated() {
      let bucket = buffer[start..<min(start + bucketSize, buffer.count)]
      try add(bucket, index: index, count: starts.count)
    }
    try finish()
  }

  /// Opens an exchange of `elementCount` elements in all.
  ///
  /// Collective: every rank, with the same number of elements.
  ///
  /// - Precondition: no other exchange is open, and none has failed.
  public func begin(elementCount: Int) {
    precondition(isUsable, "begin: an earlier exchange failed; the ranks no longer agree")
    precondition(call == nil, "begin: the exchange before is not finished")
    call = communicator.beginCollective(
      operation.kind, byteCount: elementCount * ElementType.float32.byteCount)
  }

  /// Hands in a bucket of float32 elements, which nobody touches until the exchange is finished.
  ///
  /// Every rank hands in the same buckets in the same order; when is each rank's own matter.
  ///
  /// - Parameters:
  ///   - bucket: The elements.
  ///   - index: The bucket's place in the order of handing in.
  ///   - count: The number of buckets.
  /// - Throws: `MessagePassingError`; then its memory may still be written by messages under way.
  /// - Precondition: an exchange is open.
  public func add(_ bucket: Buffer, index: Int, count: Int) throws {
    guard let call else { preconditionFailure("add: no exchange is open") }
    waiting.append((bucket, call.bucket(index, of: count)))
    try progress()
  }

  /// Goes as far as the messages that are here allow, without waiting.
  ///
  /// - Returns: Whether that was any step further.
  /// - Throws: `MessagePassingError`; then the exchange cannot be used again.
  @discardableResult
  public func progress() throws -> Bool {
    guard !waiting.isEmpty || !underWay.isEmpty else { return false }
    do {
      var hasMoved = false
      for run in underWay where try run.advance() { hasMoved = true }
      underWay.removeAll(where: \.isDone)
      while underWay.count < Self.underWayLimit, !waiting.isEmpty {
        let (bucket, call) = waiting.removeFirst()
        let run = try BucketRun(operation.stages(bucket, call))
        hasMoved = true
        // Alone, a rank has nothing to wait for.
        if communicator.worldSize == 1 { _ = try run.advance() }
        if !run.isDone { underWay.append(run) }
      }
      return hasMoved
    } catch {
      isUsable = false
      throw error
    }
  }

  /// Waits for the buckets that are not through yet, without holding a core, and closes the exchange.
  ///
  /// - Throws: `MessagePassingError`; a timeout when nothing moves for the communicator's deadline.
  /// - Precondition: an exchange is open.
  public func finish() throws {
    precondition(call != nil, "finish: no exchange is open")
    while !waiting.isEmpty || !underWay.isEmpty {
      let deadline = communicator.deadline
      guard try PoliteWait()(deadline: deadline, until: progress) else {
        isUsable = false
        throw MessagePassingError.timeout(
          context: underWay.lazy.compactMap(\.awaitedContext).first
            ?? communicator.context("\(operation.kind)"),
          seconds: deadline?.inSeconds ?? 0)
      }
    }
    call = nil
    communicator.endCollective()
  }
}
