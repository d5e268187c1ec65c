/// The canonical sum for any number of ranks: each rank adds one part of the buffer for all.
struct PairwiseSum {
  let call: CollectiveCall
  let buffer: UnsafeMutableBufferPointer<Float>
  /// One slot for every other rank's contribution to a segment of this rank's part.
  let scratch: UnsafeMutableBufferPointer<Float>

  private var rank: Int { call.communicator.rank }
  private var worldSize: Int { call.communicator.worldSize }
  private var peers: [Int] { (0..<worldSize).filter { $0 != rank } }

  func run() throws {
    try exchangeHeaders()
    let slotCount = scratch.count / (worldSize - 1)
    let largestPart = (buffer.count + worldSize - 1) / worldSize
    for start in stride(from: 0, to: largestPart, by: slotCount) {
      try addSegment(start..<start + slotCount, slotCount: slotCount)
    }
    try giveParts()
  }

  /// The part of the buffer that one rank adds.
  private func part(of owner: Int) -> Range<Int> {
    buffer.count * owner / worldSize..<buffer.count * (owner + 1) / worldSize
  }

  /// The part of a rank that lies in a range counted from the part's beginning.
  private func segment(_ offsets: Range<Int>, of owner: Int) -> UnsafeMutableBufferPointer<Float> {
    let part = part(of: owner)
    let start = part.lowerBound
    return buffer.part(
      (start + offsets.lowerBound..<start + offsets.upperBound).clamped(to: part))
  }

  private func exchangeHeaders() throws {
    let headers = try peers.map { try call.receiveHeader(from: $0) }
    let requests = try peers.map { try call.sendHeader(byteCount: buffer.bytes.count, to: $0) }
    for header in headers { _ = try header.wait(expectedByteCount: buffer.bytes.count) }
    for request in requests { try request.wait() }
  }

  private func addSegment(_ offsets: Range<Int>, slotCount: Int) throws {
    let own = segment(offsets, of: rank)
    // By rank: the other ranks' contributions in scratch, this rank's in the buffer.
    let contributions = (0..<worldSize).map { peer in
      let start = (peer < rank ? peer : peer - 1) * slotCount
      return peer == rank ? own : scratch.part(start..<start + own.count)
    }
    let receives = try peers.map {
      try call.receive(into: contributions[$0].mutableBytes, from: $0)
    }
    let sends = try peers.map { try call.send(segment(offsets, of: $0).bytes, to: $0) }
    for receive in receives { try receive.wait() }
    let sum = CanonicalTree.fold(leafCount: worldSize) {
      contributions[$0]
    } join: { left, right in
      addElements(left: left, right: right, into: left)
      return left
    }
    if rank != 0 { _ = own.update(fromContentsOf: sum) }
    for send in sends { try send.wait() }
  }

  private func giveParts() throws {
    let receives = try peers.map {
      try call.receive(into: buffer.part(part(of: $0)).mutableBytes, from: $0)
    }
    let sends = try peers.map { try call.send(buffer.part(part(of: rank)).bytes, to: $0) }
    for receive in receives { try receive.wait() }
    for send in sends { try send.wait() }
  }
}
