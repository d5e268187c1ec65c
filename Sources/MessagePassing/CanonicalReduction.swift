/// Sums float buffers over ranks in the canonical tree, in place, bucket by bucket.
///
/// Goals, in order: the bits of ``CanonicalTree`` on every rank; a bounded amount of memory; the
/// least traffic, 2(p−1)/p of the buffer sent by each of p ranks; few rounds.
///
/// - p a power of two: recursive halving with doubling distance (reduce-scatter with rank⊕1, rank⊕2,
///   rank⊕4 …), then the same partners backwards (all-gather). 2 log₂ p rounds. The partner in
///   round k holds the sum of the neighbouring subtree of 2ᵏ ranks, so every addition is
///   left + right of the canonical tree.
/// - any other p: each rank owns one part, collects it from all others, adds it in tree order and
///   gives the sum to all. All ranks get the same bits, but no other number of ranks gives them.
///
/// The sum is element by element, so a buffer may be summed in any number of buckets, in any cut,
/// with the same result. A sum need not be waited for: ``begin(elementCount:)`` opens it,
/// ``add(_:index:count:)`` hands in buckets as they become ready, ``progress()`` moves them between
/// other work, and ``finish()`` waits for what is left without holding a core. No thread is involved,
/// so nothing competes with the computation that goes on meanwhile. One reduction is used by one
/// thread at a time.
/// Source: Thakur, Rabenseifner & Gropp 2005, section 4.5; the order of the partners is ours.
public final class CanonicalReduction {
  /// How finished sums travel, and whether they are rounded.
  public let wire: WireFormat
  /// The largest bucket, in elements.
  public let largestBucketSize: Int
  let communicator: Communicator
  private var call: CollectiveCall?
  private var waiting: [(buffer: UnsafeMutableBufferPointer<Float>, call: CollectiveCall)] = []
  private var underWay: [BucketSum] = []
  private var freeMemory: [SumMemory] = []
  private var isUsable = true

  /// Buckets whose messages are under way at the same time, which bounds the memory.
  private static let underWayLimit = 8

  /// Makes a reduction.
  ///
  /// - Parameters:
  ///   - communicator: The ranks; the sums are collectives of it.
  ///   - wire: How finished sums travel; with bfloat16 every sum is rounded once, on one rank too.
  ///   - largestBucketSize: The number of elements of the largest bucket, by default 1 Mi (4 MiB).
  public init(
    communicator: Communicator, wire: WireFormat = .float32, largestBucketSize: Int = 1 << 20
  ) {
    self.communicator = communicator
    self.wire = wire
    self.largestBucketSize = max(1, largestBucketSize)
  }

  deinit {
    // After an error MPI may still write here, so the memory is not given back.
    if isUsable { for memory in freeMemory { memory.deallocate() } }
  }

  /// Replaces the buffer by its sum over the ranks.
  ///
  /// Collective: every rank, with the same number of elements.
  ///
  /// - Throws: ``MessagePassingError``, also when the numbers of elements differ.
  public func allReduceSum(_ buffer: UnsafeMutableBufferPointer<Float>) throws {
    begin(elementCount: buffer.count)
    // An empty buffer is one empty bucket, so that other sizes on other ranks are found out.
    let starts = [0] + stride(from: 0, to: buffer.count, by: largestBucketSize).dropFirst()
    for (index, start) in starts.enumerated() {
      let range = start..<min(start + largestBucketSize, buffer.count)
      try add(buffer.part(range), index: index, count: starts.count)
    }
    try finish()
  }

  /// Opens a sum of `elementCount` elements in all.
  ///
  /// Collective: every rank, with the same number of elements.
  ///
  /// - Precondition: no other sum is open, and none has failed.
  public func begin(elementCount: Int) {
    precondition(isUsable, "begin: an earlier sum failed; the ranks no longer agree")
    precondition(call == nil, "begin: the sum before is not finished")
    call = communicator.beginCollective(
      .canonicalSum, byteCount: elementCount * MemoryLayout<Float>.stride)
  }

  /// Hands in a bucket, which nobody touches until the sum is finished.
  ///
  /// Every rank hands in the same buckets in the same order; when is each rank's own matter.
  ///
  /// - Parameters:
  ///   - bucket: The elements.
  ///   - index: The bucket's place in the order of handing in.
  ///   - count: The number of buckets.
  /// - Throws: ``MessagePassingError``.
  /// - Precondition: a sum is open; the bucket has at most `largestBucketSize` elements.
  public func add(
    _ bucket: UnsafeMutableBufferPointer<Float>, index: Int, count: Int
  ) throws {
    guard let call else { preconditionFailure("add: no sum is open") }
    precondition(
      bucket.count <= largestBucketSize,
      "add: a bucket of \(bucket.count) elements, at most \(largestBucketSize)")
    guard communicator.worldSize > 1 else {
      if wire == .bfloat16 { round(bucket) }
      return
    }
    waiting.append((bucket, call.bucket(index, of: count)))
    _ = try progress()
  }

  /// Goes as far as the messages that are here allow, without waiting.
  ///
  /// - Returns: Whether that was any step further.
  /// - Throws: ``MessagePassingError``; then the reduction cannot be used again.
  @discardableResult
  public func progress() throws -> Bool {
    guard !waiting.isEmpty || !underWay.isEmpty else { return false }
    do {
      var hasMoved = false
      for sum in underWay where try sum.advance() { hasMoved = true }
      for sum in underWay where sum.isDone { freeMemory.append(sum.memory) }
      underWay.removeAll(where: \.isDone)
      while underWay.count < Self.underWayLimit, !waiting.isEmpty {
        let (buffer, call) = waiting.removeFirst()
        let memory =
          freeMemory.popLast()
          ?? SumMemory(
            elementCount: largestBucketSize, worldSize: communicator.worldSize, wire: wire)
        underWay.append(try BucketSum(buffer, call: call, memory: memory))
        hasMoved = true
      }
      return hasMoved
    } catch {
      isUsable = false
      throw error
    }
  }

  /// Waits for the buckets that are not summed yet, without holding a core, and closes the sum.
  ///
  /// - Throws: ``MessagePassingError``; a timeout when nothing moves for the communicator's deadline.
  /// - Precondition: a sum is open.
  public func finish() throws {
    precondition(call != nil, "finish: no sum is open")
    while !waiting.isEmpty || !underWay.isEmpty {
      let deadline = communicator.deadline
      guard try PoliteWait()(deadline: deadline, until: progress) else {
        isUsable = false
        throw MessagePassingError.timeout(
          context: underWay.lazy.compactMap(\.awaitedContext).first
            ?? communicator.context("canonical sum"),
          seconds: deadline?.inSeconds ?? 0)
      }
    }
    call = nil
    communicator.endCollective()
  }
}

/// Writes left + right over `destination`, which is one of the two.
func addElements(
  left: UnsafeMutableBufferPointer<Float>, right: UnsafeMutableBufferPointer<Float>,
  into destination: UnsafeMutableBufferPointer<Float>
) {
  precondition(
    left.count == right.count && left.count == destination.count,
    "addElements: \(left.count) and \(right.count) into \(destination.count) elements")
  for index in 0..<destination.count {
    destination[index] = left[index] + right[index]
  }
}
