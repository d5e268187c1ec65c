import Tensors
import Testing

@Suite struct RandomKeyTests {
  @Test func everyPartOfTheNameCounts() {
    let keys = [
      RandomKey(seed: 1, purpose: .test), RandomKey(seed: 2, purpose: .test),
      RandomKey(seed: 1, purpose: .dropout), RandomKey(seed: 1, purpose: .test, step: 1),
      RandomKey(seed: 1, purpose: .test, index: 1),
      RandomKey(seed: 1, purpose: .test, step: 1, index: 1),
      RandomKey(seed: 1, purpose: .test).child(0), RandomKey(seed: 1, purpose: .test).child(1),
      RandomKey(seed: 1, purpose: .test).child(-1),
      RandomKey(seed: 1, purpose: .test).child(named: "a"),
      RandomKey(seed: 1, purpose: .test).child(named: "b"),
      RandomKey(seed: 1, purpose: .test).child(named: ""),
    ]
    #expect(Set(keys).count == keys.count)
    #expect(
      Set(keys.map { Tensor.uniform([4], key: $0).array(of: Float.self) }).count == keys.count)
    #expect(RandomKey(seed: 1, purpose: .test) == RandomKey(seed: 1, purpose: .test, step: 0))
  }

  /// Runs are repeatable only while these never change; the words were computed apart, in Python.
  @Test func keysAndDrawsStayTheSameForEver() {
    let key = RandomKey(seed: 10_086, purpose: .initialisation, step: 3, index: 5)
    var stream = RandomStream(key.child(7).child(named: "encoder.ln_pre.weight"))
    #expect(
      [stream.next(), stream.next(), stream.next(), stream.next(), stream.next()] == Self.pinned)
    #expect(RandomPurpose.allCases.map(\.rawValue) == Array(1...13))
  }

  private static let pinned: [UInt32] = [
    1_362_974_953, 1_569_889_671, 3_543_866_739, 1_391_793_460, 3_074_441_832,
  ]

  @Test func manyChildrenHaveManyStreams() {
    let root = RandomKey(seed: 3, purpose: .augmentation)
    let firsts = (0..<10_000).map { index -> UInt64 in
      var stream = RandomStream(root.child(index))
      return stream.next64()
    }
    #expect(Set(firsts).count == firsts.count)
    // None of them is a block of the parent's own stream.
    var stream = RandomStream(root)
    let own = Set((0..<20_000).map { _ in stream.next64() })
    #expect(own.isDisjoint(with: firsts))
  }

  @Test func streamsAndTensorsDrawTheSameWords() {
    let key = RandomKey(seed: 5, purpose: .test)
    var stream = RandomStream(key)
    for number in Tensor.uniform([101], key: key).array(of: Float.self) {
      #expect(number == Float(stream.next() >> 8) * 0x1p-24)
    }
  }
}

@Suite struct RandomStreamTests {
  private var stream: RandomStream { RandomStream(RandomKey(seed: 9, purpose: .test)) }

  @Test func uniformNumbersFillTheUnitInterval() {
    var stream = stream
    let numbers = (0..<40_000).map { _ in stream.uniform() }
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
    let counts = numbers.reduce(into: [Int](repeating: 0, count: 10)) { $0[Int($1 * 10)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 4000) < 300 })
  }

  @Test(arguments: [1, 2, 3, 7, 10, 1000])
  func integersAreEvenlySpread(bound: Int) {
    var stream = stream
    var counts = [Int](repeating: 0, count: bound)
    for _ in 0..<20_000 { counts[stream.integer(below: bound)] += 1 }
    let expected = 20_000.0 / Double(bound)
    let square = counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) }
    let chiSquare = square / expected
    // Mean bound − 1, variance 2(bound − 1): five deviations.
    #expect(chiSquare <= Double(bound - 1) + 5 * (2 * Double(bound - 1)).squareRoot())
  }

  @Test func integersReachTheLargestBound() {
    var stream = stream
    let numbers = (0..<1000).map { _ in stream.integer(below: .max) }
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < .max })
    #expect(numbers.contains { $0 > .max / 2 })
  }

  @Test func choicesFollowTheWeights() {
    var stream = stream
    var counts = [0, 0, 0, 0, 0]
    for _ in 0..<40_000 { counts[stream.choice(weights: [0, 1, 0, 3, 0])] += 1 }
    #expect([counts[0], counts[2], counts[4]] == [0, 0, 0])
    #expect(abs(counts[1] - 10_000) < 500)
  }

  @Test func permutationsAreComplete() {
    var stream = stream
    let order = stream.permutation(count: 1000)
    #expect(order.sorted() == Array(0..<1000))
    #expect(order != Array(0..<1000))
    #expect(order != stream.permutation(count: 1000))
    #expect(stream.permutation(count: 0).isEmpty)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<6000 { counts[stream.permutation(count: 3), default: 0] += 1 }
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 160 })
  }

  @Test func emptyChoicesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var stream = RandomStream(RandomKey(seed: 1, purpose: .test))
      _ = stream.integer(below: 0)
    }
    await #expect(processExitsWith: .failure) {
      var stream = RandomStream(RandomKey(seed: 1, purpose: .test))
      _ = stream.choice(weights: [0, 0])
    }
  }
}
