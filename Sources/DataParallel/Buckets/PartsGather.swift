import Kernels
import MessagePassing

/// The second half of an all-reduce: every rank gives its part of the bucket to all others.
///
/// For 2ᵏ ranks the partners of the halvings meet in reverse order, each round with twice as much;
/// otherwise each rank sends to all. A rank sends (p−1)/p of the bucket.
struct PartsGather {
  let call: CollectiveCall
  /// Elements of any type.
  let bucket: Buffer
  let parts: BucketParts
  /// Whether the ranks have not compared headers yet, as they have after a reduce-scatter.
  let comparesHeaders: Bool

  private var rank: Int { call.communicator.rank }

  func stages() -> [BucketStage] {
    guard parts.isHalved else {
      return [
        stage(
          receives: call.communicator.peers.map { (peer: $0, range: parts[$0]) },
          sending: parts[rank])
      ]
    }
    return parts.halvings(of: rank).reversed().map { round in
      stage(receives: [(peer: round.partner, range: round.given)], sending: round.kept)
    }
  }

  /// Receives a range of each of some peers and sends each of them the same one.
  private func stage(
    receives: [(peer: Int, range: Range<Int>)], sending sent: Range<Int>
  ) -> BucketStage {
    BucketStage(
      start: {
        var arrivals: [any Arrival] = []
        if comparesHeaders {
          for (peer, _) in receives { arrivals.append(try call.receiveHeader(from: peer)) }
        }
        for (peer, range) in receives {
          arrivals.append(try call.receive(into: bucket[range], from: peer))
        }
        for (peer, _) in receives {
          if comparesHeaders { arrivals.append(try call.sendHeader(to: peer)) }
          arrivals.append(try call.send(bucket[sent], to: peer))
        }
        return arrivals
      }, finish: {})
  }
}
