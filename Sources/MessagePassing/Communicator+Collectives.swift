// Every collective here is made of messages between two ranks, with the polite wait and the header
// check of `CollectiveCall`. They are meant for small data, where the number of rounds, the
// logarithm of the number of ranks, is what counts; gradients go in buckets, on their maker's terms.

extension Communicator {
  /// Waits until every rank has come here.
  ///
  /// Collective: every rank. Rounds: ⌈log₂ p⌉; in round k everybody tells the rank 2ᵏ ahead.
  /// Source: Hensgen, Finkel & Manber 1988 (dissemination barrier).
  ///
  /// - Throws: ``MessagePassingError``.
  public func barrier() throws {
    try collective(.barrier) { call in
      var distance = 1
      while distance < worldSize {
        let source = (rank + worldSize - distance) % worldSize
        let pending = try call.receiveHeader(from: source)
        let request = try call.sendHeader(byteCount: 0, to: (rank + distance) % worldSize)
        _ = try pending.wait(expectedByteCount: 0)
        try request.wait()
        distance *= 2
      }
    }
  }

  /// Gives every rank the root's values; what other ranks pass is not looked at.
  ///
  /// Collective: every rank, with the same root. Along a binomial tree, ⌈log₂ p⌉ rounds.
  ///
  /// - Parameters:
  ///   - values: The values, on the root; their number is told to the others.
  ///   - root: The rank that has them.
  /// - Returns: The root's values.
  /// - Throws: ``MessagePassingError``.
  public func broadcast<Element: BitwiseCopyable>(
    _ values: [Element], root: Int = 0
  ) throws -> [Element] {
    try collective(.broadcast) { call in
      let tree = BroadcastTree(rank: rank, worldSize: worldSize, root: root)
      let result: [Element]
      if let parent = tree.parent {
        let byteCount = try call.receiveHeader(from: parent).wait()
        result = try call.receiveArray(of: Element.self, byteCount: byteCount, from: parent)
      } else {
        result = values
      }
      try result.withUnsafeBytes { bytes in
        let requests = try tree.children.flatMap { child in
          [try call.sendHeader(byteCount: bytes.count, to: child), try call.send(bytes, to: child)]
        }
        for request in requests { try request.wait() }
      }
      return result
    }
  }

  /// Gives every rank the root's memory, in pieces that each rank passes on as they come.
  ///
  /// Collective: every rank, with the same root and the same size.
  ///
  /// - Throws: ``MessagePassingError``, also when the sizes differ.
  public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, root: Int = 0) throws {
    let segmentByteCount = 1 << 22
    try collective(.broadcast) { call in
      let tree = BroadcastTree(rank: rank, worldSize: worldSize, root: root)
      var requests: [Request] = []
      if let parent = tree.parent {
        _ = try call.receiveHeader(from: parent).wait(expectedByteCount: buffer.count)
      }
      for child in tree.children {
        requests.append(try call.sendHeader(byteCount: buffer.count, to: child))
      }
      for start in stride(from: 0, to: buffer.count, by: segmentByteCount) {
        let segment = UnsafeMutableRawBufferPointer(
          rebasing: buffer[start..<min(start + segmentByteCount, buffer.count)])
        if let parent = tree.parent { try call.receive(into: segment, from: parent).wait() }
        for child in tree.children {
          requests.append(try call.send(UnsafeRawBufferPointer(segment), to: child))
        }
      }
      for request in requests { try request.wait() }
    }
  }

  /// Gives every rank the values of all ranks, by rank; each may pass any number of them.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: ``MessagePassingError``.
  public func allGather<Element: BitwiseCopyable>(_ values: [Element]) throws -> [[Element]] {
    try collective(.allGather) { try $0.allGather(values) }
  }

  /// Replaces each value by its sum over the ranks, added in rank order: the same bits everywhere.
  ///
  /// Collective: every rank, with the same number of values.
  ///
  /// - Throws: ``MessagePassingError``, also when the numbers of values differ.
  public func allReduceSum(_ values: inout [Double]) throws {
    try allReduce(.allReduceSum, &values, +)
  }

  /// Replaces each value by the largest of the ranks'; a NaN on any rank gives NaN.
  ///
  /// Collective: every rank, with the same number of values.
  ///
  /// - Throws: ``MessagePassingError``, also when the numbers of values differ.
  public func allReduceMaximum(_ values: inout [Double]) throws {
    try allReduce(.allReduceMaximum, &values) { $0.isNaN || $0 > $1 ? $0 : $1 }
  }

  private func allReduce(
    _ kind: CollectiveKind, _ values: inout [Double], _ combine: (Double, Double) -> Double
  ) throws {
    let rows = try collective(kind) { try $0.allGather(values) }
    for (peer, row) in rows.enumerated() where row.count != values.count {
      throw MessagePassingError.mismatch(
        context: context("\(kind)", peer: peer), expected: "\(kind) of \(values.count) values",
        found: "\(kind) of \(row.count) values")
    }
    for index in values.indices {
      values[index] = rows.dropFirst().reduce(rows[0][index]) { combine($0, $1[index]) }
    }
  }
}

/// Who passes a broadcast to whom: a rank's parent differs from it in its lowest set bit, counted
/// from the root.
private struct BroadcastTree {
  let parent: Int?
  let children: [Int]

  init(rank: Int, worldSize: Int, root: Int) {
    precondition(
      0 <= root && root < worldSize, "broadcast: root \(root) in a world of \(worldSize)")
    let place = (rank + worldSize - root) % worldSize
    let reach = place == 0 ? worldSize : place & -place
    parent = place == 0 ? nil : (place - reach + root) % worldSize
    var children: [Int] = []
    var distance = 1
    while distance < reach {
      if place + distance < worldSize { children.append((place + distance + root) % worldSize) }
      distance *= 2
    }
    // The farthest child has the largest subtree to serve, so it goes first.
    self.children = children.reversed()
  }
}

extension CollectiveCall {
  /// Gathers by doubling: in each round a rank passes on all it has, which the rank ahead lacks.
  ///
  /// Source: Bruck et al. 1997.
  fileprivate func allGather<Element: BitwiseCopyable>(
    _ values: [Element]
  ) throws -> [[Element]] {
    let rank = communicator.rank
    let worldSize = communicator.worldSize
    guard worldSize > 1 else { return [values] }
    var blocks = [values.withUnsafeBytes(Array.init)]
    while blocks.count < worldSize {
      let distance = blocks.count
      let target = (rank + worldSize - distance) % worldSize
      let source = (rank + distance) % worldSize
      let packed = BlockList.pack(blocks.prefix(worldSize - distance))
      let received = try exchange(packed, to: target, from: source)
      // The rank ahead has as many blocks as this one, or all but these.
      let expected = min(distance, worldSize - distance)
      guard let list = BlockList.unpack(received), list.count == expected else {
        throw MessagePassingError.mismatch(
          context: context(peer: source), expected: "a list of \(expected) blocks",
          found: "\(received.count) bytes that are none")
      }
      blocks += list
    }
    let sorted = (0..<worldSize).map { blocks[($0 + worldSize - rank) % worldSize] }
    return try sorted.enumerated().map { try elements(of: $1, from: $0) }
  }

  private func elements<Element: BitwiseCopyable>(
    of bytes: [UInt8], from peer: Int
  ) throws -> [Element] {
    let stride = MemoryLayout<Element>.stride
    guard bytes.count.isMultiple(of: stride) else {
      throw MessagePassingError.mismatch(
        context: context(peer: peer), expected: "elements of \(stride) bytes",
        found: "\(bytes.count) bytes")
    }
    let count = bytes.count / stride
    return [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
      initializedCount = count
    }
  }
}

/// Blocks of bytes in one message: their number, their sizes, their bytes.
package enum BlockList {
  private static let wordSize = MemoryLayout<UInt64>.size

  package static func pack(_ blocks: ArraySlice<[UInt8]>) -> [UInt8] {
    let sizes = [UInt64(blocks.count)] + blocks.map { UInt64($0.count) }
    return sizes.withUnsafeBytes(Array.init) + blocks.joined()
  }

  /// The blocks of a message; nil when a number in it does not fit its bytes.
  package static func unpack(_ bytes: [UInt8]) -> [[UInt8]]? {
    func size(at index: Int) -> Int? {
      bytes.withUnsafeBytes {
        Int(exactly: $0.loadUnaligned(fromByteOffset: index * wordSize, as: UInt64.self))
      }
    }
    let wordCount = bytes.count / wordSize
    guard wordCount > 0, let count = size(at: 0), count < wordCount else { return nil }
    var blocks: [[UInt8]] = []
    var start = (count + 1) * wordSize
    for index in 0..<count {
      guard let byteCount = size(at: index + 1), byteCount >= 0, byteCount <= bytes.count - start
      else { return nil }
      blocks.append(Array(bytes[start..<start + byteCount]))
      start += byteCount
    }
    return start == bytes.count ? blocks : nil
  }
}
