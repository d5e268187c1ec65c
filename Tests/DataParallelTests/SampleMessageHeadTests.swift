import DataParallel
import MessagePassing
import Testing

/// Heads of samples' messages that no coordinator sends are errors, not traps.
@Suite struct SampleMessageHeadTests {
  private func read(_ words: [UInt64]) throws(MessagePassingError) -> SampleMessageHead {
    try SampleMessageHead(
      words.withUnsafeBytes { Array($0) },
      context: CallContext(operation: "samples", rank: 3, host: "b", peer: 0, peerHost: "a"))
  }

  @Test(arguments: [
    [1, 5, 2, 1000], [1, 0, 0, 0], [2, 5, 0, 0], [3, 5, 0, 12], [4, 0, 0, 0],
    [1, 5, 2, UInt64(SampleMessageHead.bodyByteLimit)],
  ])
  func soundHeadsAreRead(words: [UInt64]) throws { _ = try read(words) }

  @Test(arguments: [
    // An unknown kind, a step, a lane and a size beyond what can be, bytes where there are none.
    [0, 0, 0, 0], [5, 0, 0, 0], [.max, 0, 0, 0], [1, 1 << 63, 0, 0], [1, 0, .max, 0],
    [1, 0, 0, UInt64(SampleMessageHead.bodyByteLimit) + 1], [1, 0, 0, .max], [2, 0, 0, 1],
    [4, 0, 0, 8], [], [1], [1, 0, 0], [1, 0, 0, 0, 0],
  ])
  func othersNameBothRanks(words: [UInt64]) {
    let error = #expect(throws: MessagePassingError.self) { try read(words) }
    #expect(error?.description.hasPrefix("rank 3 (host b) in samples with rank 0 (host a)") == true)
  }
}
