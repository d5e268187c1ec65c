import DataParallel
import MessagePassing
import Tensors

/// Every collective and the messages between two ranks, against closed forms.
func checkCollectives(_ checks: RankCheckList) throws {
  try checks.check("world") { ranks in
    try require(ranks.hostNames.count == ranks.worldSize, "hosts \(ranks.hostNames)")
    try require(!ranks.hostName.isEmpty && ranks.hostName != "?", "host \(ranks.hostName)")
  }
  try checks.check("barrier") { ranks in
    for _ in 0..<20 { try ranks.barrier() }
  }
  try checkBroadcast(checks)
  try checks.check("all-gather") { ranks in
    // Rank r contributes r values, so rank 0 contributes none.
    let rows = try ranks.allGather((0..<ranks.rank).map { Double(ranks.rank * 10 + $0) })
    for (rank, row) in rows.enumerated() {
      try require(row == (0..<rank).map { Double(rank * 10 + $0) }, "row \(rank) is \(row)")
    }
  }
  try checks.check("all-reduce") { ranks in
    let size = Double(ranks.worldSize)
    let own = Double(ranks.rank)
    var sum = [own, 1, -own * own]
    try ranks.allReduceSum(&sum)
    let squares = (size - 1) * size * (2 * size - 1) / 6
    try require(sum == [size * (size - 1) / 2, size, -squares], "sum \(sum)")
    var largest = [own, -own]
    try ranks.allReduceMaximum(&largest)
    try require(largest == [size - 1, 0], "maximum \(largest)")
    var withNaN = [ranks.rank == ranks.worldSize - 1 ? .nan : own]
    try ranks.allReduceMaximum(&withNaN)
    try require(withNaN[0].isNaN, "maximum with NaN \(withNaN)")
  }
  try checkMessages(checks)
}

private func checkBroadcast(_ checks: RankCheckList) throws {
  try checks.check("broadcast of values") { ranks in
    for root in 0..<ranks.worldSize {
      for count in [0, 1, 1000] {
        let values = (0..<count).map { Int32($0 + root) }
        let received = try ranks.broadcast(ranks.rank == root ? values : [], root: root)
        try require(received == values, "\(count) values of root \(root)")
      }
    }
  }
  try checks.check("broadcast of memory") { ranks in
    // More than two of the broadcast's segments of 4 MiB, and nothing at all.
    for count in [0, 2_500_000] {
      let root = ranks.worldSize - 1
      var values = [Int32](repeating: -1, count: count)
      if ranks.rank == root { values = (0..<Int32(count)).map { $0 } }
      try values.withUnsafeMutableBytes { try ranks.broadcast($0, root: root) }
      try require(values == (0..<Int32(count)).map { $0 }, "\(count) values")
    }
  }
}

private func checkMessages(_ checks: RankCheckList) throws {
  try checks.check("messages around a ring, in pieces") { ranks in
    guard ranks.worldSize > 1 else { return }
    // Pieces of 100 bytes stand for the pieces of 1 GiB that MPI's counts force.
    let pieces = try ranks.duplicate(largestPieceByteCount: 100)
    let next = (ranks.rank + 1) % ranks.worldSize
    let previous = (ranks.rank + ranks.worldSize - 1) % ranks.worldSize
    for count in [0, 1, 100, 101, 12345] {
      let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 + ranks.rank) }
      let request = try pieces.send(message, to: next, tag: 7, synchronous: count > 100)
      let received = try pieces.receive(byteCount: count, from: previous, tag: 7)
      try request.wait()
      let expected = (0..<count).map { UInt8(truncatingIfNeeded: $0 + previous) }
      try require(received == expected, "\(count) bytes")
    }
  }
  try checks.check("a message of another size is an error") { ranks in
    guard ranks.worldSize > 1, ranks.rank < 2 else { return }
    for (sent, expected) in [(90, 100), (100, 90)] {
      if ranks.rank == 0 {
        try ranks.send([UInt8](repeating: 1, count: sent), to: 1, tag: 1).wait()
      } else {
        do {
          _ = try ranks.receive(byteCount: expected, from: 0, tag: 1)
          throw CheckFailure("\(sent) bytes passed for \(expected)")
        } catch is MessagePassingError {}
      }
    }
  }
}

/// Rank 0 exchanges fewer numbers than the others; must fail on at least two ranks.
func exchangeDifferentSizes(_ ranks: Communicator, _ operation: BucketOperation) throws {
  let values = Tensor(repeating: 1, shape: [ranks.rank == 0 ? 900 : 1000])
  try BucketExchange(operation, communicator: ranks).run(on: values.buffer)
}

/// Rank 0 never comes to the barrier; must fail on the others.
func waitForAbsentRank(_ ranks: Communicator) throws {
  ranks.deadline = .milliseconds(500)
  if ranks.rank == 0 {
    // Waits for a message that nobody sends, longer than the others wait for the barrier.
    ranks.deadline = .seconds(20)
    _ = try ranks.receive(byteCount: 1, from: 1, tag: 3)
  }
  try ranks.barrier()
}
