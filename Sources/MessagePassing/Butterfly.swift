/// The canonical sum for 2ᵏ ranks: halving with doubling distance, then back.
struct Butterfly {
  let call: CollectiveCall
  let buffer: UnsafeMutableBufferPointer<Float>
  /// Two halves, so that one part is added while the next one arrives.
  let scratch: UnsafeMutableBufferPointer<Float>

  /// One round: what this rank goes on with, what its partner does, and who that is.
  private struct Round {
    let partner: Int
    let kept: Range<Int>
    let given: Range<Int>
  }

  func run() throws {
    let rounds = plan()
    for round in rounds { try giveAndAdd(round) }
    for round in rounds.reversed() { try giveBack(round) }
  }

  private func plan() -> [Round] {
    var rounds: [Round] = []
    var range = 0..<buffer.count
    var distance = 1
    while distance < call.communicator.worldSize {
      let middle = range.lowerBound + (range.count + 1) / 2
      let lower = range.lowerBound..<middle
      let upper = middle..<range.upperBound
      let isLeft = call.communicator.rank & distance == 0
      let kept = isLeft ? lower : upper
      rounds.append(
        Round(
          partner: call.communicator.rank ^ distance, kept: kept, given: isLeft ? upper : lower))
      range = kept
      distance *= 2
    }
    return rounds
  }

  /// Sends one half to the partner and adds what the partner has of the other half.
  private func giveAndAdd(_ round: Round) throws {
    let partner = round.partner
    let header = try call.receiveHeader(from: partner)
    let headerRequest = try call.sendHeader(byteCount: buffer.bytes.count, to: partner)
    let slotCount = scratch.count / 2
    let incoming = segments(of: round.kept, by: slotCount)
    let outgoing = segments(of: round.given, by: slotCount)
    func slot(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
      let start = index % 2 * slotCount
      return scratch.part(start..<start + incoming[index].count)
    }
    var receives: [Request] = []
    var sends: [Request] = []
    func start(_ index: Int) throws {
      if index < incoming.count {
        receives.append(try call.receive(into: slot(index).mutableBytes, from: partner))
      }
      if index < outgoing.count {
        sends.append(try call.send(buffer.part(outgoing[index]).bytes, to: partner))
      }
    }
    try start(0)
    try start(1)
    _ = try header.wait(expectedByteCount: buffer.bytes.count)
    for index in 0..<max(incoming.count, outgoing.count) {
      if index < incoming.count {
        try receives[index].wait()
        add(slot(index), to: buffer.part(incoming[index]), from: partner)
      }
      if index < outgoing.count { try sends[index].wait() }
      try start(index + 2)
    }
    try headerRequest.wait()
  }

  private func add(
    _ received: UnsafeMutableBufferPointer<Float>, to own: UnsafeMutableBufferPointer<Float>,
    from partner: Int
  ) {
    if call.communicator.rank < partner {
      addElements(left: own, right: received, into: own)
    } else {
      addElements(left: received, right: own, into: own)
    }
  }

  /// Sends the finished half back and receives the other one.
  private func giveBack(_ round: Round) throws {
    let receive = try call.receive(into: buffer.part(round.given).mutableBytes, from: round.partner)
    let send = try call.send(buffer.part(round.kept).bytes, to: round.partner)
    try receive.wait()
    try send.wait()
  }
}

/// A range cut into segments of at most `count` elements.
func segments(of range: Range<Int>, by count: Int) -> [Range<Int>] {
  stride(from: range.lowerBound, to: range.upperBound, by: count).map {
    $0..<min($0 + count, range.upperBound)
  }
}
