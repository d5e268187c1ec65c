import Autodiff
import DataParallel
import Foundation
import MessagePassing
import Tensors

/// A small model in whose backward pass gradients become final in an awkward order.
private struct SmallModel {
  let arena = ParameterArena()
  private let first: Parameter
  private let shared: Parameter
  private let evenLanesOnly: Parameter
  private let last: Parameter
  /// Made last and used first, so that the end of the arena becomes final last.
  private let bias: Parameter

  init() {
    let scope = ParameterScope(arena)
    first = scope.parameter("first", [7, 5], .normal(standardDeviation: 1))
    _ = scope.parameter("never", [9], .constant(0))
    shared = scope.parameter("shared", [7, 7], .normal(standardDeviation: 0.5))
    evenLanesOnly = scope.parameter("even", [7, 7], .normal(standardDeviation: 0.5))
    last = scope.parameter("last", [33, 7], .normal(standardDeviation: 1))
    bias = scope.parameter("bias", [7], .constant(0.25))
    arena.allocate(forTraining: true)
    arena.initialize(seed: 3)
    // What an earlier step left must not show.
    arena.setGradients(Tensor(repeating: 99, shape: [arena.count]))
  }

  /// The loss of a lane, which uses one parameter twice and, in odd lanes, another not at all.
  func loss(step: Int, lane: Int, on tape: Tape) -> Variable {
    let key = RandomKey(seed: UInt64(step * 1000 + lane), purpose: .test)
    let x = Variable(constant: Tensor.uniform([3, 5], key: key), on: tape)
    var y = linear(x, weight: tape[first], bias: tape[bias])
    y = linear(linear(y, weight: tape[shared]), weight: tape[shared])
    if lane.isMultiple(of: 2) { y = linear(y, weight: tape[evenLanesOnly]) }
    y = linear(y, weight: tape[last])
    return squaredError(
      y, Variable(constant: Tensor(repeating: 1, shape: y.shape), on: tape), scale: 1)
  }

  /// One lane's gradients in an array of their own.
  func gradients(step: Int, lane: Int) -> [Float] {
    arena.setGradients(arena.makeGradients())
    let tape = Tape(isRecording: true)
    tape.backward(from: loss(step: step, lane: lane, on: tape), into: arena)
    return arena.gradients.array()
  }

  /// What every rank must get, computed without buckets in one process.
  func expected(step: Int, plan: LanePlan, wire: WireFormat) -> [Float] {
    func join(_ left: [Float], _ right: [Float]) -> [Float] { zip(left, right).map { $0 + $1 } }
    let sum =
      plan.isBitIdentical
      ? CanonicalTree.fold(
        leafCount: plan.laneCount, leaf: { gradients(step: step, lane: $0) }, join: join)
      : CanonicalTree.fold(
        leafCount: plan.worldSize,
        leaf: { rank in
          let lanes = plan.lanes(of: rank)
          return CanonicalTree.fold(
            leafCount: lanes.count,
            leaf: { gradients(step: step, lane: lanes.lowerBound + $0) }, join: join)
        }, join: join)
    return wire == .float32 ? sum : sum.map(nearestBFloat16)
  }

  /// The sum as the training loop makes it.
  func exchanged(step: Int, plan: LanePlan, rank: Int, _ exchange: GradientExchange) throws
    -> [Float]
  {
    var sum = LaneSum<[Float]>(laneCount: plan.lanesPerRank) { left, right in
      for index in left.indices { left[index] += right[index] }
    }
    let lanes = plan.lanes(of: rank)
    for lane in lanes.dropLast() { sum.push(gradients(step: step, lane: lane)) }
    let waiting = sum.takeWaiting().map { Tensor($0, shape: [arena.count]) }
    arena.setGradients(arena.makeGradients())
    let tape = Tape(isRecording: true)
    let loss = loss(step: step, lane: lanes.upperBound - 1, on: tape)
    return try exchange.backward(from: loss, on: tape, into: arena, joining: waiting).array()
  }
}

/// The nearest number of 8 significant bits, ties to even, for finite numbers.
private func nearestBFloat16(_ value: Float) -> Float {
  let unit = value.ulp * 65_536
  return (value / unit).rounded(.toNearestOrEven) * unit
}

/// The exchange during the backward pass against the sum without buckets, bit for bit.
func checkGradientExchange(_ checks: RankCheckList) throws {
  for wire in WireFormat.allCases {
    for bucketByteCount in [4, 100, 512, 1 << 20] {
      try checks.check("gradients over \(wire) in buckets of \(bucketByteCount) bytes") { ranks in
        let model = SmallModel()
        let exchange = try GradientExchange(
          arena: model.arena, communicator: ranks, bucketByteCount: bucketByteCount,
          wire: wire)
        for (step, factor) in [1, 2, 3, 4].enumerated() {
          let plan = try LanePlan(
            laneCount: factor * ranks.worldSize, worldSize: ranks.worldSize)
          let found = try model.exchanged(step: step, plan: plan, rank: ranks.rank, exchange)
          let expected = model.expected(step: step, plan: plan, wire: wire)
          for index in found.indices {
            try require(
              found[index].bitPattern == expected[index].bitPattern,
              "\(factor) lanes a rank: element \(index) is \(found[index]), not \(expected[index])")
          }
        }
      }
    }
  }
}

/// The fast exchange: near the canonical sum, and alike on all ranks.
func checkFastGradientExchange(_ checks: RankCheckList) throws {
  for bucketByteCount in [100, 512, 1 << 20] {
    try checks.check("gradients, fast, in buckets of \(bucketByteCount) bytes") { ranks in
      let model = SmallModel()
      let exchange = try GradientExchange(
        arena: model.arena, communicator: ranks, bucketByteCount: bucketByteCount, reduction: .fast)
      for (step, factor) in [1, 3].enumerated() {
        let plan = try LanePlan(laneCount: factor * ranks.worldSize, worldSize: ranks.worldSize)
        let found = try model.exchanged(step: step, plan: plan, rank: ranks.rank, exchange)
        let expected = model.expected(step: step, plan: plan, wire: .float32)
        for index in found.indices {
          // Rounding of few terms; their cancellation makes the sum's own size no measure.
          try require(
            abs(found[index] - expected[index]) <= 1e-5 * max(1, abs(expected[index])),
            "\(factor) lanes a rank: element \(index) is \(found[index]), not \(expected[index])")
        }
        let bits = try ranks.allGather(found.map(\.bitPattern))
        try require(Set(bits).count == 1, "the ranks have different bits")
      }
    }
  }
}

/// How a rank fails in the middle of an exchange.
enum ExchangeFailure: String {
  /// It is alive and does not come to the second of three buckets.
  case absent = "exchange-absent"
  /// It is stopped before the second bucket.
  case stopped = "exchange-stopped"
  /// It is killed before the second bucket.
  case killed = "exchange-killed"
}

/// The last rank fails during an exchange; must fail on the others.
func exchangeWithoutLastRank(_ ranks: Communicator, _ failure: ExchangeFailure) throws {
  let count = 100_000
  let values = Tensor(repeating: 1, shape: [3 * count])
  let exchange = BucketExchange(.canonicalSum(wire: .float32), communicator: ranks)
  ranks.deadline = .milliseconds(500)
  exchange.begin(elementCount: values.count)
  for index in 0..<3 {
    if index == 1, ranks.rank == ranks.worldSize - 1 { try fail(ranks, failure) }
    try exchange.add(
      values.buffer[index * count..<(index + 1) * count], index: index, count: 3)
  }
  try exchange.finish()
}

private func fail(_ ranks: Communicator, _ failure: ExchangeFailure) throws {
  switch failure {
  case .absent:
    // Waits for a message that nobody sends; the first bucket has long been sent and is not moved.
    ranks.deadline = .seconds(20)
    _ = try ranks.receive(byteCount: 1, from: 0, tag: 3)
  case .stopped: raise(SIGSTOP)
  case .killed: raise(SIGKILL)
  }
}
