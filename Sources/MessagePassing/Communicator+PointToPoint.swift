extension Communicator {
  /// The tags up to here are the caller's; those above are the collectives'.
  public static let largestTag = 1 << 20
  static let collectiveTag = largestTag + 1

  /// Starts to send bytes; the request keeps its own copy of them.
  ///
  /// - Parameters:
  ///   - bytes: The message; it may be empty and as large as memory.
  ///   - peer: The receiving rank, not this one.
  ///   - tag: Messages of one tag arrive in the order they were sent.
  ///   - synchronous: Whether the request completes only once the receiver has begun to receive,
  ///     which bounds what can pile up there.
  /// - Returns: The request to wait for.
  /// - Throws: ``MessagePassingError``.
  /// - Precondition: `peer` is another rank, `tag` is in `0...largestTag`.
  public func send(
    _ bytes: [UInt8], to peer: Int, tag: Int, synchronous: Bool = false
  ) throws -> Request {
    require(tag: tag)
    return try sendCopy(
      of: bytes, to: peer, tag: tag, synchronous: synchronous,
      context: context("send with tag \(tag)", peer: peer))
  }

  /// Waits for a message of exactly `byteCount` bytes and returns it.
  ///
  /// - Throws: ``MessagePassingError``, also when a message of another size comes.
  /// - Precondition: `peer` is another rank, `tag` is in `0...largestTag`.
  public func receive(byteCount: Int, from peer: Int, tag: Int) throws -> [UInt8] {
    try receive(byteCount: byteCount, from: peer, tag: tag, politely: PoliteWait())
  }

  package func receive(
    byteCount: Int, from peer: Int, tag: Int, politely pace: PoliteWait
  ) throws -> [UInt8] {
    require(tag: tag)
    let memory = MessageMemory(byteCount: byteCount)
    try receive(
      into: memory.bytes, from: peer, tag: tag,
      context: context("receive with tag \(tag)", peer: peer), keeping: [memory]
    ).wait(politely: pace)
    return Array(memory.bytes)
  }

  private func require(tag: Int) {
    precondition(
      0 <= tag && tag <= Self.largestTag, "tag \(tag) is outside 0...\(Self.largestTag)")
  }

  private func requireHandle(peer: Int) -> CommunicatorHandle {
    precondition(
      0 <= peer && peer < worldSize && peer != rank,
      "rank \(rank) of \(worldSize): rank \(peer) is no peer")
    guard let handle else { preconditionFailure("a communicator of one rank has no peers") }
    return handle
  }

  func send(
    _ bytes: UnsafeRawBufferPointer, to peer: Int, tag: Int, synchronous: Bool = false,
    context: CallContext, keeping owners: [AnyObject] = []
  ) throws -> Request {
    let handle = requireHandle(peer: peer)
    let pieces = try pieces(of: bytes.count).map { range in
      (
        handle: try MPILibrary.send(
          UnsafeRawBufferPointer(rebasing: bytes[range]), to: peer, tag: tag,
          synchronous: synchronous, on: handle, context),
        receivedCount: Int?.none
      )
    }
    return Request(communicator: self, context: context, pieces: pieces, keeping: owners)
  }

  func sendCopy(
    of bytes: [UInt8], to peer: Int, tag: Int, synchronous: Bool = false, context: CallContext
  ) throws -> Request {
    let copy = MessageMemory(byteCount: bytes.count)
    copy.bytes.copyBytes(from: bytes)
    return try send(
      UnsafeRawBufferPointer(copy.bytes), to: peer, tag: tag, synchronous: synchronous,
      context: context, keeping: [copy])
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, from peer: Int, tag: Int, context: CallContext,
    keeping owners: [AnyObject] = []
  ) throws -> Request {
    let handle = requireHandle(peer: peer)
    let pieces = try pieces(of: buffer.count).map { range in
      (
        handle: try MPILibrary.receive(
          into: UnsafeMutableRawBufferPointer(rebasing: buffer[range]), from: peer, tag: tag,
          on: handle, context),
        receivedCount: Optional(range.count)
      )
    }
    return Request(communicator: self, context: context, pieces: pieces, keeping: owners)
  }

  /// Starts the library's sum of float32 elements over all ranks.
  func allReduceSum(
    of terms: UnsafeRawBufferPointer, into sum: UnsafeMutableRawBufferPointer,
    context: CallContext, keeping owners: [AnyObject]
  ) throws -> Request {
    precondition(
      terms.count == sum.count,
      "allReduceSum: \(terms.count) bytes into \(sum.count)")
    guard let handle else { preconditionFailure("allReduceSum: a rank without MPI sums nothing") }
    // Its pieces follow one another on every rank alike, as collectives of MPI must.
    let pieces = try pieces(of: terms.count).map { range in
      (
        handle: try MPILibrary.allReduceSum(
          of: UnsafeRawBufferPointer(rebasing: terms[range]),
          into: UnsafeMutableRawBufferPointer(rebasing: sum[range]), on: handle, context),
        receivedCount: Int?.none
      )
    }
    return Request(communicator: self, context: context, pieces: pieces, keeping: owners)
  }

  /// The byte ranges MPI is given one by one; an empty message is one empty piece.
  private func pieces(of byteCount: Int) -> [Range<Int>] {
    guard byteCount > 0 else { return [0..<0] }
    return stride(from: 0, to: byteCount, by: largestPieceByteCount).map {
      $0..<min($0 + largestPieceByteCount, byteCount)
    }
  }
}
