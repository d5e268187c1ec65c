/// The canonical sum of a bucket for 2ᵏ ranks: halving with doubling distance, then back.
struct Butterfly {
  let call: CollectiveCall
  let buffer: UnsafeMutableBufferPointer<Float>
  let memory: SumMemory

  /// One round: what this rank goes on with, what its partner does, and who that is.
  private struct Round {
    let partner: Int
    let kept: Range<Int>
    let given: Range<Int>
  }

  func stages() -> [SumStage] {
    let rounds = plan()
    let finished = rounds.last?.kept ?? 0..<buffer.count
    let middle = SumStage(start: { [] }, finish: { memory.pack(finished, of: buffer) })
    let end = SumStage(start: { [] }, finish: { memory.unpack(into: buffer) })
    return rounds.map(giveAndAdd) + [middle] + rounds.reversed().map(giveBack) + [end]
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
  private func giveAndAdd(_ round: Round) -> SumStage {
    let received = memory.partials.part(0..<round.kept.count)
    return SumStage(
      start: {
        [
          try call.receiveHeader(from: round.partner),
          try call.receive(into: received.mutableBytes, from: round.partner),
          try call.sendHeader(to: round.partner),
          try call.send(buffer.part(round.given).bytes, to: round.partner),
        ]
      },
      finish: {
        let own = buffer.part(round.kept)
        if call.communicator.rank < round.partner {
          addElements(left: own, right: received, into: own)
        } else {
          addElements(left: received, right: own, into: own)
        }
      })
  }

  /// Sends the finished half back and receives the other one.
  private func giveBack(_ round: Round) -> SumStage {
    SumStage(
      start: {
        [
          try call.receive(
            into: memory.wireBytes(of: round.given, in: buffer), from: round.partner),
          try call.send(
            UnsafeRawBufferPointer(memory.wireBytes(of: round.kept, in: buffer)),
            to: round.partner),
        ]
      }, finish: {})
  }
}
