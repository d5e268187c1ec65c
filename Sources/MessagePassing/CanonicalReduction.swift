/// Sums float buffers over ranks in the canonical tree, in place.
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
/// The sum is element by element, so a buffer may be summed in any number of parts, in any cut, with
/// the same result. One reduction is used by one thread at a time.
/// Source: Thakur, Rabenseifner & Gropp 2005, section 4.5; the order of the partners is ours.
public final class CanonicalReduction {
  let communicator: Communicator
  /// Received parts wait here to be added.
  let scratch: UnsafeMutableBufferPointer<Float>
  private var isUsable = true

  /// Makes a reduction with its scratch memory.
  ///
  /// - Parameters:
  ///   - communicator: The ranks; collectives of the sum happen on it.
  ///   - scratchCount: The number of floats that may wait for their addition, by default 1 Mi (4 MiB).
  public init(communicator: Communicator, scratchCount: Int = 1 << 20) {
    self.communicator = communicator
    let needed = max(2, communicator.worldSize)
    scratch = .allocate(capacity: max(scratchCount, needed))
  }

  deinit {
    // After an error MPI may still write here, so the memory is not given back.
    if isUsable { scratch.deallocate() }
  }

  /// Replaces the buffer by its sum over the ranks.
  ///
  /// Collective: every rank, with the same number of elements.
  ///
  /// - Throws: ``MessagePassingError``, also when the numbers of elements differ.
  public func allReduceSum(_ buffer: UnsafeMutableBufferPointer<Float>) throws {
    let worldSize = communicator.worldSize
    guard worldSize > 1 else { return }
    precondition(isUsable, "allReduceSum: an earlier sum failed; the ranks no longer agree")
    do {
      try communicator.collective(.canonicalSum) { call in
        if worldSize & (worldSize - 1) == 0 {
          try Butterfly(call: call, buffer: buffer, scratch: scratch).run()
        } else {
          try PairwiseSum(call: call, buffer: buffer, scratch: scratch).run()
        }
      }
    } catch {
      isUsable = false
      throw error
    }
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

extension UnsafeMutableBufferPointer<Float> {
  /// The elements of a range, as a buffer of their own.
  func part(_ range: Range<Int>) -> Self { Self(rebasing: self[range]) }

  /// The elements as bytes to send.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(self) }

  /// The elements as bytes to receive into.
  var mutableBytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(self) }
}
