import Foundation
import Kernels
import Testing

@Suite struct RandomTests {
  /// The known answers that Random123 publishes for `philox4x32 10`.
  @Test func philoxGivesThePublishedVectors() {
    let ones = UInt32.max
    #expect(
      philox(counter: (0, 0, 0, 0), key: 0)
        == (0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    #expect(
      philox(counter: (ones, ones, ones, ones), key: .max)
        == (0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    #expect(
      philox(
        counter: (0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), key: 0x299F_31D0_A409_3822)
        == (0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  private static let stream = PhiloxStream(key: 17, stream: 4)

  /// What `fill` writes into `count` numbers.
  private func drawn(_ count: Int, _ fill: (Buffer) -> Void) -> [Float] {
    let buffer = Buffer(.float32, count: count)
    fill(buffer)
    return buffer.array()
  }

  private func word(_ position: Int) -> UInt32 {
    let words = Self.stream.words(ofBlock: UInt64(position / 4))
    return [words.0, words.1, words.2, words.3][position % 4]
  }

  @Test(arguments: [1, 3, 4, 63, 64, 65, 1000, 20_001])
  func uniformNumbersAreTheWordsAtTheirPositions(count: Int) {
    let numbers = drawn(count) { fillUniform($0, low: -0.5, high: 1.5, stream: Self.stream) }
    for (position, number) in numbers.enumerated() {
      #expect(number == -0.5 + Float(word(position) >> 8) * 0x1p-23)
    }
  }

  @Test(arguments: [1, 2, 63, 64, 65, 8195])
  func normalNumbersAreBoxMullerOfTheirWords(count: Int) {
    let numbers = drawn(count) { fillNormal($0, standardDeviation: 3, stream: Self.stream) }
    for (position, number) in numbers.enumerated() {
      let pair = position & ~1
      let radius = (-2 * log((Double(word(pair) >> 1) + 0.5) * 0x1p-31)).squareRoot()
      let angle = 2 * Double.pi * Double(word(pair + 1)) * 0x1p-32
      let expected = 3 * radius * (position % 2 == 0 ? cos(angle) : sin(angle))
      #expect(abs(Double(number) - expected) < 4e-6 * max(1, abs(expected)))
    }
  }

  @Test func momentsAreThoseOfTheDistributions() {
    let count = 1 << 20
    let uniform = moments(
      drawn(count) { fillUniform($0, low: 0, high: 1, stream: Self.stream) })
    #expect(abs(uniform.mean - 0.5) < 1.5e-3)
    #expect(abs(uniform.variance - 1.0 / 12) < 5e-4)
    let normal = moments(drawn(count) { fillNormal($0, standardDeviation: 1, stream: Self.stream) })
    #expect(abs(normal.mean) < 5e-3)
    #expect(abs(normal.variance - 1) < 7e-3)
    #expect(abs(normal.kurtosis - 3) < 0.03)
    let truncated = drawn(count) {
      fillTruncatedNormal($0, standardDeviation: 1, bound: 2, stream: Self.stream)
    }
    // The variance of a standard normal number inside ±2.
    #expect(abs(moments(truncated).variance - 0.7737) < 5e-3)
    #expect(truncated.allSatisfy { abs($0) <= 2 })
  }

  private func moments(_ numbers: [Float]) -> (mean: Double, variance: Double, kurtosis: Double) {
    let values = numbers.map(Double.init)
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + pow($1 - mean, 2) } / count
    let fourth = values.reduce(0) { $0 + pow($1 - mean, 4) } / count
    return (mean, variance, fourth / (variance * variance))
  }

  @Test func farTruncationLeavesNormalNumbers() {
    let truncated = drawn(10_000) {
      fillTruncatedNormal($0, standardDeviation: 0.02, bound: 2, stream: Self.stream)
    }
    #expect(
      truncated == drawn(10_000) { fillNormal($0, standardDeviation: 0.02, stream: Self.stream) })
  }

  @Test func redrawnNumbersAreUnrelatedToTheFirstDraws() {
    // A tight bound redraws most numbers, many of them several times.
    let numbers = drawn(50_000) {
      fillTruncatedNormal($0, standardDeviation: 1, bound: 0.25, stream: Self.stream)
    }
    #expect(numbers.allSatisfy { abs($0) <= 0.25 })
    #expect(Set(numbers.map(\.bitPattern)).count > 49_500)
    #expect(abs(moments(numbers).mean) < 3e-3)
  }

  @Test func drawsDoNotDependOnTheNumberOfThreads() {
    let threads = threadCount
    defer { setThreadCount(threads) }
    let draws: [(Buffer) -> Void] = [
      { fillUniform($0, low: 0, high: 1, stream: Self.stream) },
      { fillNormal($0, standardDeviation: 1, stream: Self.stream) },
      { fillTruncatedNormal($0, standardDeviation: 2, bound: 2, stream: Self.stream) },
    ]
    for draw in draws {
      setThreadCount(1)
      let alone = drawn(100_003, draw)
      setThreadCount(2)
      #expect(alone == drawn(100_003, draw))
      #expect(Array(alone.prefix(77)) == drawn(77, draw))
    }
  }

  @Test func boundsThatAreNoneStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      fillUniform(
        Buffer(.float32, count: 1), low: 1, high: 0, stream: PhiloxStream(key: 0, stream: 0))
    }
    await #expect(processExitsWith: .failure) {
      fillTruncatedNormal(
        Buffer(.float32, count: 1), standardDeviation: 100, bound: 1,
        stream: PhiloxStream(key: 0, stream: 0))
    }
  }
}
