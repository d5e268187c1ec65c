/// Rank 0's reading thread: reads the lanes in order and passes each to its rank.
struct SampleCoordinator: Sendable {
  let plan: LanePlan
  let steps: Range<Int>
  let shelf: SampleShelf
  let outbox: SampleOutbox
  let read: SampleTransport.Reader

  private var peers: Range<Int> { 1..<plan.worldSize }

  func run() {
    for step in steps {
      guard read(step) else { break }
    }
    for peer in peers { outbox.put(SampleMessage(.end), to: peer) }
    outbox.close()
  }

  /// Reads one step; false when the transport must end.
  private func read(_ step: Int) -> Bool {
    for lane in 0..<plan.laneCount {
      guard !shelf.hasStopped else { return false }
      do {
        let bytes = try read(step, lane)
        guard deliver(bytes, step: step, lane: lane) else { return false }
      } catch {
        let failure = SampleReadingError(step: step, lane: lane, reason: error)
        shelf.fail(failure)
        for peer in peers {
          outbox.put(
            SampleMessage(.failure, step: step, body: Array(failure.message.utf8)), to: peer)
        }
        return false
      }
    }
    shelf.complete(step: step)
    for peer in peers { outbox.put(SampleMessage(.complete, step: step), to: peer) }
    return true
  }

  private func deliver(_ bytes: [UInt8], step: Int, lane: Int) -> Bool {
    let rank = plan.rank(of: lane)
    guard rank != 0 else { return shelf.put(bytes, step: step, lane: lane) }
    return outbox.put(SampleMessage(.samples, step: step, lane: lane, body: bytes), to: rank)
  }
}
