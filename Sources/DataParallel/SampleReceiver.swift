import MessagePassing

/// The receiving thread of every rank but 0: fills the shelf until the end is announced.
///
/// It also receives after the shelf was stopped, so that rank 0 gets rid of what is on the way.
struct SampleReceiver: Sendable {
  let communicator: Communicator
  let shelf: SampleShelf

  /// Samples come long before they are needed, so this thread may sleep longer than others.
  private static let pace = PoliteWait(longestPause: .milliseconds(1))

  func run() {
    do {
      while try receiveOne() {}
    } catch {
      shelf.breakDown(error)
    }
  }

  /// Receives one message; false at the end.
  private func receiveOne() throws -> Bool {
    let words = SampleMessage.words(ofHead: try receive(SampleMessage.headByteCount))
    let step = Int(words[1])
    let body = words[3] == 0 ? [] : try receive(Int(words[3]))
    switch SampleMessage.Kind(rawValue: words[0]) {
    case .samples: _ = shelf.put(body, step: step, lane: Int(words[2]))
    case .complete: shelf.complete(step: step)
    case .failure:
      shelf.fail(SampleReadingError(step: step, message: String(decoding: body, as: UTF8.self)))
    case .end: return false
    case nil:
      throw MessagePassingError.mismatch(
        context: communicator.context("sample transport", peer: 0),
        expected: "a message of samples", found: "one of unknown kind \(words[0])")
    }
    return true
  }

  private func receive(_ byteCount: Int) throws -> [UInt8] {
    try communicator.receive(
      byteCount: byteCount, from: 0, tag: SampleMessage.tag, politely: Self.pace)
  }
}
