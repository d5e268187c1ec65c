import DataParallel
import MessagePassing

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

/// The canonical sum over ranks, bit for bit against the tree computed in one process.
func checkCanonicalReduction(_ checks: RankCheckList) throws {
  for bucketSize in [0, 7, 64, 1 << 20] {
    try checks.check("canonical sum, sizes 0 to 70, buckets of \(bucketSize)") { ranks in
      let reduction = CanonicalReduction(communicator: ranks, largestBucketSize: bucketSize)
      for count in 0...70 {
        var values = samples(ranks.rank, count)
        try values.withUnsafeMutableBufferPointer { try reduction.allReduceSum($0) }
        try requireSameBits(values, "size \(count)", ranks.worldSize)
      }
    }
  }
  try checks.check("canonical sum, large, in segments") { ranks in
    for (count, bucketSize) in [(1_000_003, 1 << 16), (65_536, 1 << 20), (300_000, 4099)] {
      let reduction = CanonicalReduction(communicator: ranks, largestBucketSize: bucketSize)
      var values = samples(ranks.rank, count)
      try values.withUnsafeMutableBufferPointer { try reduction.allReduceSum($0) }
      try requireSameBits(values, "size \(count)", ranks.worldSize)
    }
  }
  try checks.check("canonical sum does not depend on the cut") { ranks in
    let reduction = CanonicalReduction(communicator: ranks)
    var values = samples(ranks.rank, 1000)
    for range in [0..<1, 1..<400, 400..<1000] {
      var part = Array(values[range])
      try part.withUnsafeMutableBufferPointer { try reduction.allReduceSum($0) }
      values.replaceSubrange(range, with: part)
    }
    try requireSameBits(values, "three parts", ranks.worldSize)
  }
  try checks.check("lanes' sums and ranks' sums are the global tree") { ranks in
    let reduction = CanonicalReduction(communicator: ranks)
    for laneCount in 1...32 where laneCount.isMultiple(of: ranks.worldSize) {
      let plan = try LanePlan(laneCount: laneCount, worldSize: ranks.worldSize)
      guard plan.isBitIdentical else { continue }
      var sum = LaneSum<[Float]>(laneCount: plan.lanesPerRank) { left, right in
        for index in left.indices { left[index] += right[index] }
      }
      for lane in plan.lanes(of: ranks.rank) { sum.push(samples(lane, 33)) }
      var values = sum.takeResult()
      try values.withUnsafeMutableBufferPointer { try reduction.allReduceSum($0) }
      try requireSameBits(values, "\(laneCount) lanes", laneCount)
    }
  }
}
