import Kernels
import MessagePassing

/// The first half of a canonical sum: every rank gets the sum of its part of the bucket, in place.
///
/// The rest of the bucket is left with partial sums. A rank sends (p−1)/p of the bucket.
///
/// - p a power of two: recursive halving with doubling distance (rank⊕1, rank⊕2, rank⊕4 …), log₂ p
///   rounds. The partner in round k holds the sum of the neighbouring subtree of 2ᵏ ranks, so every
///   addition is left + right of the ``CanonicalTree``.
/// - any other p: each rank collects its part from all others and adds it in tree order.
struct ReduceScatter {
  let call: CollectiveCall
  let bucket: Buffer
  let parts: BucketParts

  private var rank: Int { call.communicator.rank }

  func stages() -> [BucketStage] {
    parts.isHalved ? halvingStages() : [directStage()]
  }

  private func halvingStages() -> [BucketStage] {
    let rounds = parts.halvings(of: rank)
    // The first round receives most.
    let received = Buffer(.float32, count: rounds.first?.kept.count ?? 0)
    return rounds.map { giveAndAdd($0, receivingInto: received[0..<$0.kept.count]) }
  }

  /// Sends one half to the partner and adds what the partner has of the other half.
  private func giveAndAdd(
    _ round: BucketParts.Halving, receivingInto received: Buffer
  ) -> BucketStage {
    BucketStage(
      start: {
        [
          try call.receiveHeader(from: round.partner),
          try call.receive(into: received, from: round.partner),
          try call.sendHeader(to: round.partner),
          try call.send(bucket[round.given], to: round.partner),
        ]
      },
      finish: {
        let own = bucket[round.kept]
        if rank < round.partner {
          addElements(into: own, own, received)
        } else {
          addElements(into: own, received, own)
        }
      })
  }

  private func directStage() -> BucketStage {
    let peers = call.communicator.peers
    let own = bucket[parts[rank]]
    // One slot for every other rank.
    let received = Buffer(.float32, count: own.count * peers.count)
    func contribution(of peer: Int) -> Buffer {
      guard peer != rank else { return own }
      let start = (peer < rank ? peer : peer - 1) * own.count
      return received[start..<start + own.count]
    }
    return BucketStage(
      start: {
        let headers: [any Arrival] = try peers.map { try call.receiveHeader(from: $0) }
        let receives: [any Arrival] = try peers.map {
          try call.receive(into: contribution(of: $0), from: $0)
        }
        let sends: [any Arrival] = try peers.flatMap {
          [try call.sendHeader(to: $0), try call.send(bucket[parts[$0]], to: $0)]
        }
        return headers + receives + sends
      },
      finish: {
        let sum = CanonicalTree.fold(leafCount: parts.worldSize, leaf: contribution) {
          left, right in
          addInPlace(left, right)
          return left
        }
        if rank != 0 { own.copy(from: sum) }
      })
  }
}
