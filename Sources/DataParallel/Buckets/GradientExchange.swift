public import Autodiff
import Kernels
public import MessagePassing
public import Tensors

/// How gradients are summed over ranks.
public enum ReductionMethod: String, Sendable, CaseIterable {
  /// In one binary tree over the lanes: the same bits on any power of two of ranks.
  case canonical
  /// By the MPI library's all-reduce: bits of its own for every number of ranks, and for every size
  /// of buckets.
  case fast
}

/// The sum of the gradients over all lanes of all ranks, made while the last lane's backward pass
/// goes on.
///
/// As soon as a bucket's gradients are final, the rank's own lanes are added in it, and its sum over
/// the ranks starts; between two operations of the backward pass the sums under way are moved on.
/// With the canonical reduction every addition is that of one tree, element by element, so neither
/// the cut into buckets nor the moment of an addition shows in the bits. The fast one leaves the
/// order of additions over ranks to the MPI library. Either way all ranks get equal bits. Buckets are
/// ``GradientBuckets``; messages and the rounding of `wire` are those of ``BucketOperation``.
public final class GradientExchange {
  /// What the exchange has taken from this rank's time in all: sending, receiving and adding between
  /// the operations of backward passes, and waiting at their ends.
  public private(set) var exposedTime = Duration.zero

  private let sum: BucketExchange
  private var buckets: GradientBuckets

  /// Prepares exchanges of an arena's gradients.
  ///
  /// Collective: every rank, with the same arguments.
  ///
  /// - Parameters:
  ///   - arena: The parameters; allocated.
  ///   - communicator: The ranks; the exchange works on a duplicate, with the same deadline.
  ///   - bucketByteCount: The size of a bucket, rounded down to whole elements.
  ///   - reduction: How the gradients are summed over the ranks.
  ///   - wire: How finished sums travel.
  /// - Throws: `MessagePassingError`.
  /// - Precondition: with the fast reduction, `wire` is float32: the library knows no other.
  public init(
    arena: ParameterArena, communicator: Communicator, bucketByteCount: Int,
    reduction: ReductionMethod = .canonical, wire: WireFormat = .float32
  ) throws {
    precondition(
      reduction == .canonical || wire == .float32,
      "GradientExchange: the \(reduction) reduction over \(wire)")
    let bucketSize = max(1, bucketByteCount / MemoryLayout<Float>.stride)
    buckets = GradientBuckets(arena, bucketSize: bucketSize)
    sum = BucketExchange(
      reduction == .canonical ? .canonicalSum(wire: wire) : .librarySum,
      communicator: try communicator.duplicate())
  }

  /// Runs the backward pass of this rank's last lane and sums the gradients of all lanes.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - loss: The last lane's loss.
  ///   - tape: The tape it was computed on.
  ///   - arena: The parameters; its gradients are the last lane's own array.
  ///   - waiting: The sums of the lanes before, as `LaneSum` leaves them; they are written over.
  /// - Returns: The sum, in the first of `waiting` or else in the last lane's array.
  /// - Throws: `MessagePassingError`; then arrays may still be written by messages under way.
  public func backward(
    from loss: Variable, on tape: Tape, into arena: ParameterArena, joining waiting: [Tensor] = []
  ) throws -> Tensor {
    let partials = waiting + [arena.gradients]
    buckets.reset(arena)
    measured { sum.begin(elementCount: arena.count) }
    try tape.backward(from: loss, into: arena) { final in
      for parameter in final { buckets.complete(parameter) }
      while let bucket = buckets.takeNext() {
        let joined = join(partials.map { $0.buffer[buckets.ranges[bucket]] })
        try measured { try sum.add(joined, index: bucket, count: buckets.ranges.count) }
      }
      try measured { try sum.progress() }
    }
    precondition(buckets.isEmpty, "GradientExchange: a parameter was not completed")
    try measured { try sum.finish() }
    return partials[0]
  }

  /// Adds one bucket of the waiting lanes and the last one, from the right.
  private func join(_ partials: [Buffer]) -> Buffer {
    for index in partials.indices.dropLast().reversed() {
      addInPlace(partials[index], partials[index + 1])
    }
    return partials[0]
  }

  private func measured(_ body: () throws -> Void) rethrows {
    let start = ContinuousClock.now
    defer { exposedTime += ContinuousClock.now - start }
    try body()
  }
}
