import MessagePassing

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

  /// The four words of a head: kind, step, lane, size of the body.
  static func words(ofHead bytes: [UInt8]) -> [UInt64] {
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
