public import MessagePassing
import Tensors

/// The time of a sum over all ranks, in the canonical tree and by the MPI library.
public struct AllReduceTiming: Sendable, Equatable, Codable {
  /// Bytes of the buffer that is summed.
  public var byteCount: Int
  /// Seconds of the canonical sum, which gives the same bits on any power of two of ranks.
  public var canonicalSeconds: Double
  /// Seconds of the library's all-reduce, as ``ReductionMethod/fast`` uses it.
  public var librarySeconds: Double

  /// Bytes of the buffer over seconds of the canonical sum.
  public var canonicalBytesPerSecond: Double
  /// Bytes of the buffer over seconds of the library's sum.
  public var libraryBytesPerSecond: Double

  /// Makes a timing of measured seconds.
  public init(byteCount: Int, canonicalSeconds: Double, librarySeconds: Double) {
    self.byteCount = byteCount
    self.canonicalSeconds = canonicalSeconds
    self.librarySeconds = librarySeconds
    canonicalBytesPerSecond = Double(byteCount) / canonicalSeconds
    libraryBytesPerSecond = Double(byteCount) / librarySeconds
  }
}

extension Communicator {
  /// Times sums of float32 buffers over all ranks.
  ///
  /// The two kinds of sum take turns; a repetition of small sums is many of them in a row. A
  /// repetition counts with the time of its slowest rank, and their median is the result.
  ///
  /// Collective: every rank, with the same arguments.
  ///
  /// - Parameters:
  ///   - byteCount: Bytes of the buffer, a positive multiple of 4.
  ///   - repetitionCount: Repetitions that are timed, after one that is not.
  /// - Returns: The times, alike on every rank.
  /// - Throws: `MessagePassingError`.
  /// - Precondition: There are at least two ranks.
  public func allReduceTiming(byteCount: Int, repetitionCount: Int) throws -> AllReduceTiming {
    precondition(
      byteCount > 0 && byteCount % 4 == 0 && byteCount / 4 <= Int32.max && repetitionCount > 0,
      "allReduceTiming: \(repetitionCount) repetitions of \(byteCount) bytes")
    precondition(worldSize > 1, "allReduceTiming: a world of \(worldSize) sums nothing")
    // Zeros stay zeros, however often they are summed.
    let buffer = Tensor(repeating: 0, shape: [byteCount / 4]).buffer
    let canonicalSum = BucketExchange(.canonicalSum(wire: .float32), communicator: self)
    let librarySum = BucketExchange(.librarySum, communicator: self)
    let sumCount = max(1, min(200, (1 << 22) / byteCount))
    func seconds(_ sum: () throws -> Void) throws -> Double {
      try barrier()
      let start = ContinuousClock.now
      for _ in 0..<sumCount { try sum() }
      return (ContinuousClock.now - start).inSeconds / Double(sumCount)
    }
    var canonical: [Double] = []
    var direct: [Double] = []
    for _ in 0...repetitionCount {
      canonical.append(try seconds { try canonicalSum.run(on: buffer) })
      direct.append(try seconds { try librarySum.run(on: buffer) })
    }
    return AllReduceTiming(
      byteCount: byteCount, canonicalSeconds: try slowestMedian(canonical.dropFirst()),
      librarySeconds: try slowestMedian(direct.dropFirst()))
  }

  /// The median of the times of the slowest rank of each repetition.
  private func slowestMedian(_ times: ArraySlice<Double>) throws -> Double {
    var slowest = Array(times)
    try allReduceMaximum(&slowest)
    return slowest.sorted()[slowest.count / 2]
  }
}
