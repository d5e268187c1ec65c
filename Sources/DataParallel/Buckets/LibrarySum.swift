import Kernels
import MessagePassing

/// The sum of a bucket by MPI's own all-reduce, in whatever order the library adds.
///
/// It is the nonblocking one, which moves on when it is asked about, like the messages of the
/// canonical sum; the blocking one would hold the core that computes. The ranks also compare headers
/// with their neighbours, because MPI may tell ranks with different sizes that all went well.
struct LibrarySum {
  let call: CollectiveCall
  let bucket: Buffer

  func stages() -> [BucketStage] {
    let (rank, worldSize) = (call.communicator.rank, call.communicator.worldSize)
    guard worldSize > 1 else { return [] }
    return [
      BucketStage(
        start: {
          // Not in place, for which Open MPI 4.1 takes a slower algorithm.
          let terms = Buffer(.float32, count: bucket.count)
          terms.copy(from: bucket)
          return [
            try call.receiveHeader(from: (rank + worldSize - 1) % worldSize),
            try call.sendHeader(to: (rank + 1) % worldSize),
            try call.allReduceSum(of: terms, into: bucket),
          ]
        }, finish: {})
    ]
  }
}
