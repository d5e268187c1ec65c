/// Something that comes by itself while MPI is asked about it.
package protocol Arrival {
  /// Who waits for what, for an error.
  var context: CallContext { get }
  /// Lets MPI make progress and says whether it is here.
  func test() throws -> Bool
}

/// Memory of one message, given back with its last reference.
final class MessageMemory {
  let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 16) }

  deinit { bytes.deallocate() }
}

/// A message under way, sent or received by pieces that MPI can count.
///
/// A request belongs to the thread that made it. Nothing moves while nobody asks: Open MPI makes
/// progress only inside its calls, so a request should be tested or waited for soon.
public final class Request: Arrival {
  package let context: CallContext
  private let communicator: Communicator
  /// The pieces, in order, with the number of bytes a received one must have.
  private var pieces: [(handle: RequestHandle, receivedCount: Int?)]
  private var completeCount = 0
  /// What keeps the memory of the message.
  private let owners: [AnyObject]

  init(
    communicator: Communicator, context: CallContext,
    pieces: [(handle: RequestHandle, receivedCount: Int?)],
    keeping owners: [AnyObject] = []
  ) {
    self.communicator = communicator
    self.context = context
    self.pieces = pieces
    self.owners = owners
  }

  deinit {
    guard !isComplete else { return }
    // Only an error leads here. MPI may still touch the memory, so it is never given back.
    for owner in owners { _ = Unmanaged.passRetained(owner) }
    for index in completeCount..<pieces.count where pieces[index].receivedCount != nil {
      MPILibrary.cancel(&pieces[index].handle)
    }
  }

  /// Whether the whole message was sent or received, as of the last test or wait.
  private var isComplete: Bool { completeCount == pieces.count }

  /// Lets MPI make progress and says whether the whole message was sent or received.
  ///
  /// - Throws: ``MessagePassingError`` when MPI reports an error, or when fewer bytes came than the
  ///   receive was posted for.
  public func test() throws -> Bool {
    while !isComplete {
      guard let count = try MPILibrary.test(&pieces[completeCount].handle, context) else {
        return false
      }
      if let expected = pieces[completeCount].receivedCount, count != expected {
        throw MessagePassingError.mismatch(
          context: context, expected: "a message of \(expected) bytes",
          found: "one of \(count) bytes")
      }
      completeCount += 1
    }
    return true
  }

  /// Waits for the whole message without holding a core.
  ///
  /// - Throws: ``MessagePassingError``, also when the communicator's deadline passes.
  public func wait() throws {
    try wait(politely: PoliteWait())
  }

  package func wait(politely pace: PoliteWait) throws {
    let deadline = communicator.deadline
    guard try pace(deadline: deadline, until: test) else {
      throw MessagePassingError.timeout(context: context, seconds: deadline?.inSeconds ?? 0)
    }
  }
}
