import Kernels
import Testing

@Suite struct DigestTests {
  private func buffer(_ numbers: [Float]) -> Buffer {
    let buffer = Buffer(.float32, count: numbers.count)
    buffer.copy(from: numbers)
    return buffer
  }

  @Test(arguments: [1, 2, 15, 16, 17, 33, 16_384, 16_385, 70_001])
  func everyBitCounts(count: Int) {
    var numbers = (0..<count).map { Float($0 % 251) - 125 }
    let original = digest(of: buffer(numbers))
    #expect(original == digest(of: buffer(numbers)))
    for position in Set([0, 1, count / 2, count - 2, count - 1]) where numbers.indices ~= position {
      for bit: UInt32 in [0, 13, 31] {
        let kept = numbers[position]
        numbers[position] = Float(bitPattern: kept.bitPattern ^ (1 << bit))
        #expect(original != digest(of: buffer(numbers)), "bit \(bit) of element \(position)")
        numbers[position] = kept
      }
    }
  }

  /// The highest bit of a product depends on that of a factor only: two flips must not cancel.
  @Test func twoFlippedSignsDoNotCancel() {
    let numbers = (0..<64).map { Float($0 + 1) }
    let original = digest(of: buffer(numbers))
    for (first, second) in [(1, 17), (1, 3), (0, 16), (3, 51)] {
      var flipped = numbers
      flipped[first].negate()
      flipped[second].negate()
      #expect(original != digest(of: buffer(flipped)), "signs of \(first) and \(second)")
    }
  }

  @Test func orderLengthAndSignsOfZeroCount() {
    let chunk = 16_384
    let a = [Float](repeating: 1, count: chunk)
    let b = [Float](repeating: 2, count: chunk)
    let digests = [
      a + b, b + a, a, a + a, [0], [-0.0], [], [0, 0], [Float](repeating: 0, count: 16),
      [Float](repeating: 0, count: 17),
    ].map { digest(of: buffer($0)) }
    #expect(Set(digests).count == digests.count)
    #expect(digest(of: [1, 2]) != digest(of: [2, 1]))
  }

  @Test(arguments: [[], [3], [16_384], [1, 16_383, 16_384, 7], [40_000, 0, 12_345, 1]])
  func aBufferInPiecesHasItsDigest(pieces: [Int]) {
    var content = BufferDigest()
    var numbers: [Float] = []
    for (index, count) in pieces.enumerated() {
      let piece = (0..<count).map { index % 3 == 1 ? 0 : Float($0 + index) }
      if index % 3 == 1 {
        content.appendZeros(byteCount: 4 * count)
      } else {
        content.append(buffer(piece))
      }
      numbers += piece
      #expect(content.value == digest(of: buffer(numbers)), "\(index)")
    }
    #expect(content.value == digest(of: buffer(numbers)))
  }

  @Test func digestAndNormDoNotDependOnTheNumberOfThreads() {
    let threads = threadCount
    defer { setThreadCount(threads) }
    let numbers = buffer((0..<200_003).map { Float(($0 &* 7919) % 1009) * 1e-3 - 0.5 })
    setThreadCount(1)
    let alone = (digest(of: numbers), squaredNorm(of: numbers))
    setThreadCount(2)
    #expect(alone == (digest(of: numbers), squaredNorm(of: numbers)))
  }
}
