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
