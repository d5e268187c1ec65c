import ResidualTokenizer
import Testing

/// The chances of prefix lengths, for every probability that a configuration may name.
@Suite struct NestedDropoutTests {
  private func distribution(_ probability: Double, latentCount: Int = 16)
    -> NestedDropoutDistribution
  {
    NestedDropoutDistribution(latentCount: latentCount, .init(least: 4, probability: probability))
  }

  @Test func aFifthIsShortened() {
    let chances = distribution(0.2)
    #expect(chances.lengths.first == 4 && chances.lengths.last == 16)
    #expect(chances.probabilities.last == 0.8)
    #expect(abs(chances.probabilities.reduce(0, +) - 1) < 1e-12)
  }

  /// However small it is: its inverse may be no integer, and not even finite.
  @Test(arguments: [0.999, 0.5, 1e-3, 1e-18, 1e-19, 1e-300, .leastNonzeroMagnitude, 0])
  func chancesAreAlwaysNumbers(probability: Double) {
    let chances = distribution(probability).probabilities
    #expect(chances.allSatisfy { (0...1).contains($0) })
    #expect(abs(chances.reduce(0, +) - 1) < 1e-12)
  }
}
