/// The collectives, by the number that travels with each.
///
/// The last four work on buckets of a large buffer; what is done with them is their maker's matter.
package enum CollectiveKind: UInt64 {
  case barrier = 1
  case broadcast
  case allGather
  case allReduceSum
  case allReduceMaximum
  case canonicalSum
  case reduceScatter
  case partsGather
  case librarySum
}

/// What goes ahead of each collective's data between two ranks.
///
/// MPI itself matches messages by place alone: a rank that sums 900 numbers and one that sums 1000
/// may both be told that all went well. Two ranks compare headers before they touch the data.
struct CollectiveHeader: BitwiseCopyable, Equatable, CustomStringConvertible {
  var kind: UInt64
  /// Which collective of the communicator this is, from 1.
  var number: UInt64
  /// The size of the data, in bytes.
  var byteCount: UInt64

  /// The most that a rank takes memory for because another rank says so, 64 GiB.
  static let byteCountLimit = 1 << 36

  /// The size of the data; nil where no rank sends so much.
  var size: Int? { byteCount <= UInt64(Self.byteCountLimit) ? Int(byteCount) : nil }

  var description: String {
    let name = CollectiveKind(rawValue: kind).map { "\($0)" } ?? "collective of kind \(kind)"
    return "\(name) #\(number) of \(byteCount) bytes"
  }
}

/// One collective under way on one rank, or one bucket of it.
package struct CollectiveCall {
  package let communicator: Communicator
  let kind: CollectiveKind
  let number: UInt64
  /// The size of all data, where every rank must have the same.
  var byteCount: Int?
  /// The bucket's messages: apart from those of the others, since buckets overtake one another.
  private var tag = Communicator.collectiveTag
  private var bucketName = ""

  init(communicator: Communicator, kind: CollectiveKind, number: UInt64, byteCount: Int? = nil) {
    self.communicator = communicator
    self.kind = kind
    self.number = number
    self.byteCount = byteCount
  }

  /// One of the buckets in which the data travel.
  package func bucket(_ index: Int, of count: Int) -> CollectiveCall {
    var call = self
    call.tag = Communicator.collectiveTag + 1 + index
    call.bucketName = ", bucket \(index + 1) of \(count)"
    return call
  }

  /// Who does what, for an error.
  func context(peer: Int?) -> CallContext {
    communicator.context("\(kind) #\(number)\(bucketName)", peer: peer)
  }

  /// Starts to send memory that `owners` keep.
  package func send(
    _ bytes: UnsafeRawBufferPointer, to peer: Int, keeping owners: [AnyObject] = []
  ) throws -> Request {
    try communicator.send(
      bytes, to: peer, tag: tag, context: context(peer: peer), keeping: owners)
  }

  /// Starts to receive into memory that `owners` keep.
  package func receive(
    into bytes: UnsafeMutableRawBufferPointer, from peer: Int, keeping owners: [AnyObject] = []
  ) throws -> Request {
    try communicator.receive(
      into: bytes, from: peer, tag: tag, context: context(peer: peer), keeping: owners)
  }

  /// Starts the library's sum of float32 elements over all ranks, of memory that `owners` keep.
  package func allReduceSum(
    of terms: UnsafeRawBufferPointer, into sum: UnsafeMutableRawBufferPointer,
    keeping owners: [AnyObject]
  ) throws -> Request {
    try communicator.allReduceSum(
      of: terms, into: sum, context: context(peer: nil), keeping: owners)
  }

  /// Sends the header of data whose size every rank knows.
  package func sendHeader(to peer: Int) throws -> Request {
    guard let byteCount else { preconditionFailure("\(kind): a header without a size") }
    return try sendHeader(byteCount: byteCount, to: peer)
  }

  func sendHeader(byteCount: Int, to peer: Int) throws -> Request {
    let header = header(byteCount: byteCount)
    return try communicator.sendCopy(
      of: withUnsafeBytes(of: header, Array.init), to: peer, tag: tag,
      context: context(peer: peer))
  }

  package func receiveHeader(from peer: Int) throws -> PendingHeader {
    try PendingHeader(call: self, peer: peer)
  }

  fileprivate func header(byteCount: Int) -> CollectiveHeader {
    CollectiveHeader(kind: kind.rawValue, number: number, byteCount: UInt64(byteCount))
  }

  /// Sends bytes to one rank while receiving bytes, of whatever size, from another.
  func exchange(_ bytes: [UInt8], to target: Int, from source: Int) throws -> [UInt8] {
    let pendingHeader = try receiveHeader(from: source)
    let headerRequest = try sendHeader(byteCount: bytes.count, to: target)
    let bodyRequest = try communicator.sendCopy(
      of: bytes, to: target, tag: tag, context: context(peer: target))
    let received = try receiveArray(
      of: UInt8.self, byteCount: pendingHeader.wait(), from: source)
    try headerRequest.wait()
    try bodyRequest.wait()
    return received
  }

  /// Waits for `byteCount` bytes as an array of elements.
  func receiveArray<Element: BitwiseCopyable>(
    of type: Element.Type, byteCount: Int, from peer: Int
  ) throws -> [Element] {
    let stride = MemoryLayout<Element>.stride
    guard byteCount.isMultiple(of: stride) else {
      throw MessagePassingError.mismatch(
        context: context(peer: peer), expected: "elements of \(stride) bytes",
        found: "\(byteCount) bytes")
    }
    let elementCount = byteCount / stride
    return try [Element](unsafeUninitializedCapacity: elementCount) { buffer, count in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      try receive(
        into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<byteCount]), from: peer
      ).wait()
      count = elementCount
    }
  }
}

/// A header that was asked for and has not been looked at yet.
package final class PendingHeader: Arrival {
  private let call: CollectiveCall
  private let peer: Int
  private let request: Request
  private let memory: MessageMemory

  fileprivate init(call: CollectiveCall, peer: Int) throws {
    self.call = call
    self.peer = peer
    memory = MessageMemory(byteCount: MemoryLayout<CollectiveHeader>.size)
    request = try call.receive(into: memory.bytes, from: peer, keeping: [memory])
  }

  package var context: CallContext { call.context(peer: peer) }

  /// Whether the header is here; it must be this rank's own.
  package func test() throws -> Bool {
    guard try request.test() else { return false }
    _ = try check(expectedByteCount: call.byteCount)
    return true
  }

  /// Waits for the header, compares it with this rank's own, and returns the size of the data.
  ///
  /// A size that this rank knows, `expectedByteCount`, must be the one found.
  func wait(expectedByteCount: Int? = nil) throws -> Int {
    try request.wait()
    return try check(expectedByteCount: expectedByteCount)
  }

  private func check(expectedByteCount: Int?) throws -> Int {
    let found = memory.bytes.load(as: CollectiveHeader.self)
    var expected = call.header(byteCount: expectedByteCount ?? 0)
    if expectedByteCount == nil { expected.byteCount = found.byteCount }
    guard found == expected, let byteCount = found.size else {
      throw MessagePassingError.mismatch(
        context: call.context(peer: peer), expected: expected.description,
        found: found.description)
    }
    return byteCount
  }
}
