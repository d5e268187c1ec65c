import Foundation
import HierarchicalGenerator
import Tensors
import TestSupport
import Testing

@Suite struct TokenChoiceTests {
  private let key = RandomKey(seed: 7, purpose: .test)

  private func identities(_ ordinals: [Int]) -> [SampleIdentity] {
    ordinals.map { SampleIdentity(label: 2, ordinal: $0) }
  }

  /// Tokens chosen from the same logits for many samples.
  private func tokens(_ choice: TokenChoice, _ logits: [Float], count: Int) throws -> [Int] {
    let all = Tensor((0..<count).flatMap { _ in logits }, shape: [count, 1, logits.count])
    let chosen = try choice(all, samples: identities(Array(0..<count)), firstPosition: 3, key: key)
    #expect(chosen.shape == [count, 1])
    return chosen.array(of: Int32.self).map(Int.init)
  }

  /// Expects frequencies within five deviations of the binomial distribution.
  private func expectFrequencies(_ chosen: [Int], _ probabilities: [Double]) {
    for (token, probability) in probabilities.enumerated() {
      let frequency = Double(chosen.count { $0 == token }) / Double(chosen.count)
      let deviation = (probability * (1 - probability) / Double(chosen.count)).squareRoot()
      #expect(
        abs(frequency - probability) <= 5 * deviation,
        "token \(token): frequency \(frequency), probability \(probability)")
    }
  }

  @Test func greedyTakesTheFirstLargest() throws {
    let logits = Tensor([0, 2, 2, 3, 1, 3, -1, -2, -1] as [Float], shape: [1, 3, 3])
    let chosen = try TokenChoice.greedy(
      logits, samples: identities([0]), firstPosition: 0, key: key)
    #expect(chosen.array() == [1, 0, 0] as [Int32])
    #expect(chosen.shape == [1, 3])
  }

  @Test func frequenciesFollowTheProbabilities() throws {
    let probabilities = [0.1, 0.2, 0.3, 0.4]
    let logits = probabilities.map { Float(log($0)) + 2 }
    expectFrequencies(try tokens(TokenChoice(), logits, count: 20_000), probabilities)
    // Temperature 1/2 squares the probabilities: 1, 4, 9, 16 of 30.
    expectFrequencies(
      try tokens(TokenChoice(temperature: 0.5), logits, count: 20_000),
      [1, 4, 9, 16].map { $0 / 30 })
    expectFrequencies(
      try tokens(TokenChoice(topK: 2), logits, count: 20_000), [0, 0, 3.0 / 7, 4.0 / 7])
    expectFrequencies(
      try tokens(TokenChoice(topP: 0.75), logits, count: 20_000), [0, 2.0 / 9, 3.0 / 9, 4.0 / 9])
    // Top-k first: of 0.4 and 0.3 the nucleus of one half is the first alone.
    expectFrequencies(
      try tokens(TokenChoice(topK: 2, topP: 0.5), logits, count: 100), [0, 0, 0, 1])
  }

  @Test func lowTemperatureAndSmallNucleusAreGreedy() throws {
    let logits: [Float] = [0.5, 1, 0.9, -3]
    for choice in [
      TokenChoice(temperature: 1e-6), TokenChoice(topK: 1), TokenChoice(topP: 1e-12),
    ] {
      #expect(try tokens(choice, logits, count: 200) == [Int](repeating: 1, count: 200))
    }
  }

  @Test func tokensDoNotDependOnTheBatchOrTheStep() throws {
    var numbers = TestNumbers(seed: 4)
    let (batchCount, positionCount, vocabularySize) = (5, 4, 50)
    let logits = numbers.tensor([batchCount, positionCount, vocabularySize], in: -2..<2)
    let samples = identities([10, 3, 7, 0, 1_000_000])
    let choice = TokenChoice(topP: 0.95)
    let together = try choice(logits, samples: samples, firstPosition: 8, key: key)
      .array(of: Int32.self)
    var apart: [Int32] = []
    for index in 0..<batchCount {
      let own = logits.slice(index..<index + 1).reshaped(to: [positionCount, 1, vocabularySize])
      for offset in 0..<positionCount {
        apart += try choice(
          own.slice(offset..<offset + 1), samples: [samples[index]], firstPosition: 8 + offset,
          key: key
        ).array(of: Int32.self)
      }
    }
    #expect(together == apart)
    let others = try choice(
      logits, samples: identities([1, 2, 4, 5, 6]), firstPosition: 8, key: key)
    #expect(others.array(of: Int32.self) != together)
    let otherClass = samples.map { SampleIdentity(label: 3, ordinal: $0.ordinal) }
    let ofOtherClass = try choice(logits, samples: otherClass, firstPosition: 8, key: key)
    #expect(ofOtherClass.array(of: Int32.self) != together)
    let later = try choice(logits, samples: samples, firstPosition: 9, key: key)
    #expect(later.array(of: Int32.self) != together)
    let otherKey = RandomKey(seed: 8, purpose: .test)
    let elsewhere = try choice(logits, samples: samples, firstPosition: 8, key: otherKey)
    #expect(elsewhere.array(of: Int32.self) != together)
  }

  @Test func aClassThatComesAgainGoesOnCounting() {
    let samples = SampleIdentity.list(labels: [3, 3, 7, 3], count: 2)
    #expect(samples.map(\.label) == [3, 3, 3, 3, 7, 7, 3, 3])
    #expect(samples.map(\.ordinal) == [0, 1, 2, 3, 0, 1, 4, 5])
    #expect(Set(samples).count == 8)
  }

  @Test func logitsThatAreNotFiniteAreAnError() {
    let bad: [[Float]] = [[0, .nan], [.infinity, 0], [-.infinity, -.infinity], [.nan, .nan]]
    for row in bad {
      let logits = Tensor([0, 1] + row, shape: [1, 2, 2])
      for choice in [TokenChoice(), TokenChoice.greedy] {
        #expect(throws: NotFiniteLogits(sample: identities([6])[0], position: 5)) {
          try choice(logits, samples: identities([6]), firstPosition: 4, key: key)
        }
      }
    }
  }

  @Test func guidanceExtrapolatesFromTheNullLogits() {
    let conditional = Tensor([1, 2, 0.1] as [Float], shape: [1, 1, 3])
    let null = Tensor([0, 4, 0.3] as [Float], shape: [1, 1, 3])
    func guided(_ scale: Float) -> [Float] {
      guidedLogits(conditional: conditional, null: null, scale: scale).array()
    }
    #expect(guided(0) == null.array())
    #expect(guided(1) == conditional.array())
    #expect(guided(3).prefix(2) == [3, -2])
    #expect(guided(0.5).prefix(2) == [0.5, 3])
  }

  @Test func shapesThatDoNotMatchStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = try TokenChoice()(
        Tensor(repeating: 0, shape: [2, 1, 4]), samples: [SampleIdentity(label: 0, ordinal: 0)],
        firstPosition: 0,
        key: RandomKey(seed: 1, purpose: .test))
    }
    await #expect(processExitsWith: .failure) {
      _ = guidedLogits(
        conditional: Tensor(repeating: 0, shape: [2]), null: Tensor(repeating: 0, shape: [3]),
        scale: 2)
    }
  }
}
