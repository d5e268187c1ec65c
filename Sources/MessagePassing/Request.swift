/// A message under way, sent or received by pieces that MPI can count.
///
/// A request belongs to the thread that made it. Nothing moves while nobody asks: Open MPI makes
/// progress only inside its calls, so a request should be tested or waited for soon.
public final class Request {
  let context: CallContext
  private let communicator: Communicator
  /// The pieces, in order, with the number of bytes a received one must have.
  private var pieces: [(handle: RequestHandle, receivedCount: Int?)]
  private var completeCount = 0
  /// Memory that must outlive the message and belongs to this request.
  private var ownedBytes: UnsafeMutableRawBufferPointer?

  init(
    communicator: Communicator, context: CallContext,
    pieces: [(handle: RequestHandle, receivedCount: Int?)],
    ownedBytes: UnsafeMutableRawBufferPointer? = nil
  ) {
    self.communicator = communicator
    self.context = context
    self.pieces = pieces
    self.ownedBytes = ownedBytes
  }

  deinit {
    if isComplete {
      ownedBytes?.deallocate()
    } else {
      // Only an error leads here. MPI may still touch the memory, so it is never given back.
      for index in completeCount..<pieces.count where pieces[index].receivedCount != nil {
        MPILibrary.cancel(&pieces[index].handle)
      }
    }
  }

  /// Whether the whole message was sent or received, as of the last test or wait.
  public var isComplete: Bool { completeCount == pieces.count }

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
