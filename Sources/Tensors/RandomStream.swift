import Kernels

/// Random numbers one by one from the stream that a key names.
///
/// A value: a copy goes on from the same position.
public struct RandomStream: Sendable {
  private let stream: PhiloxStream
  private var block: UInt64 = 0
  private var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var usedCount = PhiloxStream.blockSize

  /// Begins the stream of `key` at position 0.
  public init(_ key: RandomKey) { stream = key.stream }

  /// The next 32 bits.
  public mutating func next() -> UInt32 {
    if usedCount == PhiloxStream.blockSize {
      words = stream.words(ofBlock: block)
      block += 1
      usedCount = 0
    }
    defer { usedCount += 1 }
    return switch usedCount {
    case 0: words.0
    case 1: words.1
    case 2: words.2
    default: words.3
    }
  }

  /// The next 64 bits: two words, the first one lower.
  public mutating func next64() -> UInt64 {
    let low = UInt64(next())
    return low | UInt64(next()) << 32
  }

  /// A number uniform in 0 ..< 1, in steps of 2⁻⁵³.
  public mutating func uniform() -> Double { Double(next64() >> 11) * 0x1p-53 }

  /// An integer uniform in 0 ..< `bound`, without bias (Lemire 2019: multiply, reject the few excess).
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "RandomStream: integer below \(bound)")
    let bound = UInt64(bound)
    let excess = (0 &- bound) % bound
    while true {
      let product = next64().multipliedFullWidth(by: bound)
      if product.low >= excess { return Int(product.high) }
    }
  }

  /// An index with probability proportional to its weight.
  ///
  /// - Parameter weights: Not negative, finite, at least one of them positive.
  /// - Returns: An index whose weight is positive.
  public mutating func choice(weights: [Double]) -> Int {
    let total = weights.reduce(0, +)
    precondition(
      weights.allSatisfy { $0 >= 0 } && total > 0 && total.isFinite,
      "RandomStream: choice among weights of sum \(total)")
    let target = uniform() * total
    var sum = 0.0
    var last = 0
    for (index, weight) in weights.enumerated() where weight > 0 {
      sum += weight
      last = index
      if target < sum { break }
    }
    return last
  }

  /// The numbers 0 ..< `count` in random order (Fisher–Yates).
  public mutating func permutation(count: Int) -> [Int] {
    var order = Array(0..<count)
    for end in stride(from: count, to: 1, by: -1) {
      order.swapAt(end - 1, integer(below: end))
    }
    return order
  }
}
