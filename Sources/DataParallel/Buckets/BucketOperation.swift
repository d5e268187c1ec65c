import Kernels
import MessagePassing

/// What is done with every bucket over the ranks.
public enum BucketOperation: Sendable, Equatable {
  /// Every rank gets the sum of the whole bucket, added in the canonical tree.
  ///
  /// It is a ``reduceScatter`` and a ``gather``. With `bfloat16` every sum is rounded once between
  /// the two, on one rank too.
  case canonicalSum(wire: WireFormat)
  /// Every rank gets the same sum of its part of the bucket, which ``BucketParts`` tells; what is
  /// outside is left with partial sums.
  case reduceScatter
  /// Every rank gets the parts of all.
  case gather
  /// Every rank gets the sum of the whole bucket, added as the MPI library likes.
  case librarySum

  var kind: CollectiveKind {
    switch self {
    case .canonicalSum: .canonicalSum
    case .reduceScatter: .reduceScatter
    case .gather: .partsGather
    case .librarySum: .librarySum
    }
  }

  /// One bucket's way.
  func stages(_ bucket: Buffer, _ call: CollectiveCall) -> [BucketStage] {
    let parts = BucketParts(
      elementCount: bucket.count, worldSize: call.communicator.worldSize)
    func scatter() -> [BucketStage] {
      ReduceScatter(call: call, bucket: bucket, parts: parts).stages()
    }
    func gather(_ bucket: Buffer, comparesHeaders: Bool) -> [BucketStage] {
      PartsGather(call: call, bucket: bucket, parts: parts, comparesHeaders: comparesHeaders)
        .stages()
    }
    switch self {
    case .reduceScatter: return scatter()
    case .gather: return gather(bucket, comparesHeaders: true)
    case .canonicalSum(.float32): return scatter() + gather(bucket, comparesHeaders: false)
    case .canonicalSum(.bfloat16):
      let rounded = Buffer(.bfloat16, count: bucket.count)
      let own = parts[call.communicator.rank]
      let round = BucketStage { roundToBFloat16(into: rounded[own], bucket[own]) }
      let widen = BucketStage { widenBFloat16(into: bucket, rounded) }
      return scatter() + [round] + gather(rounded, comparesHeaders: false) + [widen]
    case .librarySum: return LibrarySum(call: call, bucket: bucket).stages()
    }
  }
}
