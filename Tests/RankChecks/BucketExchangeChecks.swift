import DataParallel
import MessagePassing
import Tensors

/// A number that depends on place and index alone, of a size between 2⁻⁶ and 2⁶, so that another
/// order of addition shows in the bits.
private func sample(_ place: Int, _ index: Int) -> Float {
  var bits = UInt64(truncatingIfNeeded: place &* 1_000_003 &+ index &+ 1)
  bits = (bits ^ (bits >> 31)) &* 0x9E37_79B9_7F4A_7C15
  bits = (bits ^ (bits >> 29)) &* 0xBF58_476D_1CE4_E5B9
  bits ^= bits >> 32
  let exponent = UInt32(121 + bits % 13)
  let sign = UInt32(truncatingIfNeeded: bits >> 8) & 0x8000_0000
  return Float(
    bitPattern: sign | exponent << 23 | UInt32(truncatingIfNeeded: bits >> 40) & 0x7F_FFFF)
}

private func samples(_ place: Int, _ count: Int) -> [Float] {
  (0..<count).map { sample(place, $0) }
}

/// The canonical sum of one element, straight from the tree's definition.
private func treeSum(_ leafCount: Int, _ index: Int) -> Float {
  CanonicalTree.fold(leafCount: leafCount, leaf: { sample($0, index) }, join: +)
}

private func requireSameBits(_ found: [Float], _ name: String, _ leafCount: Int) throws {
  for (index, value) in found.enumerated() {
    let expected = treeSum(leafCount, index)
    try require(
      value.bitPattern == expected.bitPattern,
      "\(name): element \(index) is \(value), expected \(expected)")
  }
}

/// One operation over the ranks on numbers of each; they come back changed.
private func exchanged(
  _ operation: BucketOperation, _ values: [Float], _ ranks: Communicator, bucketSize: Int = 1 << 20
) throws -> [Float] {
  let tensor = Tensor(values, shape: [values.count])
  try BucketExchange(operation, communicator: ranks).run(on: tensor.buffer, bucketSize: bucketSize)
  return tensor.array()
}

private let canonicalSum = BucketOperation.canonicalSum(wire: .float32)

/// The canonical sum over ranks, bit for bit against the tree computed in one process.
func checkCanonicalSum(_ checks: RankCheckList) throws {
  for bucketSize in [1, 7, 64, 1 << 20] {
    try checks.check("canonical sum, sizes 0 to 70, buckets of \(bucketSize)") { ranks in
      let exchange = BucketExchange(canonicalSum, communicator: ranks)
      for count in 0...70 {
        let values = Tensor(samples(ranks.rank, count), shape: [count])
        try exchange.run(on: values.buffer, bucketSize: bucketSize)
        try requireSameBits(values.array(), "size \(count)", ranks.worldSize)
      }
    }
  }
  try checks.check("canonical sum, large, in segments") { ranks in
    for (count, bucketSize) in [(1_000_003, 1 << 16), (65_536, 1 << 20), (300_000, 4099)] {
      let values = try exchanged(
        canonicalSum, samples(ranks.rank, count), ranks, bucketSize: bucketSize)
      try requireSameBits(values, "size \(count)", ranks.worldSize)
    }
  }
  try checks.check("canonical sum does not depend on the cut") { ranks in
    let values = Tensor(samples(ranks.rank, 1000), shape: [1000])
    for range in [0..<1, 1..<400, 400..<1000] {
      try BucketExchange(canonicalSum, communicator: ranks).run(on: values.buffer[range])
    }
    try requireSameBits(values.array(), "three parts", ranks.worldSize)
  }
  try checks.check("lanes' sums and ranks' sums are the global tree") { ranks in
    for laneCount in 1...32 where laneCount.isMultiple(of: ranks.worldSize) {
      let plan = try LanePlan(laneCount: laneCount, worldSize: ranks.worldSize)
      guard plan.isBitIdentical else { continue }
      func add(_ left: [Float], _ right: [Float]) -> [Float] { zip(left, right).map(+) }
      var sum = LaneSum<[Float]>(laneCount: plan.lanesPerRank) { $0 = add($0, $1) }
      let lanes = plan.lanes(of: ranks.rank)
      for lane in lanes.dropLast() { sum.push(samples(lane, 33)) }
      let own = sum.takeWaiting().reversed().reduce(samples(lanes.upperBound - 1, 33)) {
        add($1, $0)
      }
      let values = try exchanged(canonicalSum, own, ranks)
      try requireSameBits(values, "\(laneCount) lanes", laneCount)
    }
  }
}

/// The two halves of the sum by themselves, with a stop between them.
func checkReduceScatterAndGather(_ checks: RankCheckList) throws {
  for (count, bucketSize) in [(0, 8), (1, 8), (70, 7), (300_000, 4099)] {
    try checks.check("reduce-scatter and gather of \(count) in buckets of \(bucketSize)") { ranks in
      let sums = try exchanged(
        .reduceScatter, samples(ranks.rank, count), ranks, bucketSize: bucketSize)
      // Another array over the same ranges: this rank knows its own part, and that doubled.
      var doubled = [Float](repeating: .nan, count: count)
      for start in stride(from: 0, to: count, by: bucketSize) {
        let parts = BucketParts(
          elementCount: min(bucketSize, count - start), worldSize: ranks.worldSize)
        for index in parts[ranks.rank] {
          let expected = treeSum(ranks.worldSize, start + index)
          try require(
            sums[start + index].bitPattern == expected.bitPattern,
            "element \(start + index) is \(sums[start + index]), not \(expected)")
          doubled[start + index] = 2 * sums[start + index]
        }
      }
      let all = try exchanged(.gather, doubled, ranks, bucketSize: bucketSize)
      try requireSameBits(all.map { $0 / 2 }, "gathered", ranks.worldSize)
    }
  }
}

/// The library's sum against the canonical one, and the same bits on every rank.
func checkLibrarySum(_ checks: RankCheckList) throws {
  for (count, bucketSize) in [(0, 8), (1, 8), (70, 7), (300_000, 4099), (1_000_003, 1 << 20)] {
    try checks.check("library sum of \(count) in buckets of \(bucketSize)") { ranks in
      let sums = try exchanged(
        .librarySum, samples(ranks.rank, count), ranks, bucketSize: bucketSize)
      for (index, sum) in sums.enumerated() {
        // p terms below 2⁷ each, whatever the order: p − 1 roundings of at most half a unit.
        let size = (0..<ranks.worldSize).reduce(Float(0)) { $0 + abs(sample($1, index)) }
        let expected = treeSum(ranks.worldSize, index)
        try require(
          abs(sum - expected) <= Float(ranks.worldSize - 1) * size.ulp,
          "element \(index) is \(sum), the canonical sum \(expected)")
      }
      let bits = try ranks.allGather(sums.map(\.bitPattern))
      try require(Set(bits).count == 1, "the ranks have different bits")
    }
  }
}
