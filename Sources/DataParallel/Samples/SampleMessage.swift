package import MessagePassing

/// What rank 0 sends another rank: a head of four words, then a body if there is one.
struct SampleMessage: Sendable {
  enum Kind: UInt64 {
    /// The body is a lane's samples.
    case samples = 1
    /// All lanes of the step were read.
    case complete
    /// The step cannot be read; the body says why.
    case failure
    /// Nothing follows.
    case end
  }

  static let tag = 1
  static let headByteCount = 4 * MemoryLayout<UInt64>.size

  let kind: Kind
  let step: Int
  let lane: Int
  let body: [UInt8]

  init(_ kind: Kind, step: Int = 0, lane: Int = 0, body: [UInt8] = []) {
    self.kind = kind
    self.step = step
    self.lane = lane
    self.body = body
  }

  var head: [UInt8] {
    [kind.rawValue, UInt64(step), UInt64(lane), UInt64(body.count)].withUnsafeBytes(Array.init)
  }
}

/// What a head says of the message behind it.
package struct SampleMessageHead: Equatable {
  let kind: SampleMessage.Kind
  let step: Int
  let lane: Int
  let bodyByteCount: Int

  /// The largest body that is received, 16 GiB: a lane of 65 536 images of 256 KiB.
  package static let bodyByteLimit = 1 << 34

  /// Reads the four words of a head: kind, step, lane, size of the body.
  ///
  /// - Parameters:
  ///   - bytes: The head.
  ///   - context: Who received it, for the error.
  /// - Throws: `MessagePassingError.mismatch` for words that no coordinator sends.
  package init(_ bytes: [UInt8], context: @autoclosure () -> CallContext)
    throws(MessagePassingError)
  {
    let words = bytes.count == SampleMessage.headByteCount ? Self.words(bytes) : []
    guard words.count == 4, let kind = SampleMessage.Kind(rawValue: words[0]),
      let step = Int(exactly: words[1]), let lane = Int(exactly: words[2]),
      words[3] <= UInt64(Self.bodyByteLimit),
      kind == .samples || kind == .failure || words[3] == 0
    else {
      throw .mismatch(
        context: context(), expected: "a message of samples",
        found: "one of kind, step, lane and size \(words)")
    }
    self.kind = kind
    self.step = step
    self.lane = lane
    bodyByteCount = Int(words[3])
  }

  private static func words(_ bytes: [UInt8]) -> [UInt64] {
    bytes.withUnsafeBytes { head in
      (0..<4).map { head.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
    }
  }
}

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
    let head = try SampleMessageHead(
      try receive(SampleMessage.headByteCount),
      context: communicator.context("sample transport", peer: 0))
    let body = head.bodyByteCount == 0 ? [] : try receive(head.bodyByteCount)
    switch head.kind {
    case .samples:
      guard shelf.expects(step: head.step, lane: head.lane) else {
        throw MessagePassingError.mismatch(
          context: communicator.context("sample transport", peer: 0),
          expected: "samples of a lane and a step to come",
          found: "samples of step \(head.step), lane \(head.lane)")
      }
      _ = shelf.put(body, step: head.step, lane: head.lane)
    case .complete: shelf.complete(step: head.step)
    case .failure:
      shelf.fail(
        SampleReadingError(step: head.step, message: String(decoding: body, as: UTF8.self)))
    case .end: return false
    }
    return true
  }

  private func receive(_ byteCount: Int) throws -> [UInt8] {
    try communicator.receive(
      byteCount: byteCount, from: 0, tag: SampleMessage.tag, politely: Self.pace)
  }
}
