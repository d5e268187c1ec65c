/// The canonical sum of a bucket for any number of ranks: each rank adds one part for all.
struct PairwiseSum {
  let call: CollectiveCall
  let buffer: UnsafeMutableBufferPointer<Float>
  /// Its partial sums have one slot for every other rank.
  let memory: SumMemory

  private var rank: Int { call.communicator.rank }
  private var worldSize: Int { call.communicator.worldSize }
  private var peers: [Int] { (0..<worldSize).filter { $0 != rank } }

  func stages() -> [SumStage] {
    let collection = SumStage(
      start: {
        let headers: [any Arrival] = try peers.map { try call.receiveHeader(from: $0) }
        let receives: [any Arrival] = try peers.map {
          try call.receive(into: contribution(of: $0).mutableBytes, from: $0)
        }
        let sends: [any Arrival] = try peers.flatMap {
          [try call.sendHeader(to: $0), try call.send(buffer.part(part(of: $0)).bytes, to: $0)]
        }
        return headers + receives + sends
      },
      finish: {
        add()
        memory.pack(part(of: rank), of: buffer)
      })
    let distribution = SumStage(
      start: {
        let receives: [any Arrival] = try peers.map {
          try call.receive(into: memory.wireBytes(of: part(of: $0), in: buffer), from: $0)
        }
        let finished = UnsafeRawBufferPointer(memory.wireBytes(of: part(of: rank), in: buffer))
        return try receives + peers.map { try call.send(finished, to: $0) }
      },
      finish: { memory.unpack(into: buffer) })
    return [collection, distribution]
  }

  /// The part of the buffer that one rank adds.
  private func part(of owner: Int) -> Range<Int> {
    buffer.count * owner / worldSize..<buffer.count * (owner + 1) / worldSize
  }

  /// What one rank has of this rank's part: this rank's in the buffer, the others' aside.
  private func contribution(of peer: Int) -> UnsafeMutableBufferPointer<Float> {
    let own = buffer.part(part(of: rank))
    guard peer != rank else { return own }
    let start = (peer < rank ? peer : peer - 1) * own.count
    return memory.partials.part(start..<start + own.count)
  }

  private func add() {
    let sum = CanonicalTree.fold(leafCount: worldSize) {
      contribution(of: $0)
    } join: { left, right in
      addElements(left: left, right: right, into: left)
      return left
    }
    if rank != 0 { _ = contribution(of: rank).update(fromContentsOf: sum) }
  }
}
