import Foundation
import HierarchicalGenerator
import TestSupport
import Testing

@Suite struct LogitsRuleTests {
  private func kept(_ rule: some LogitsRule, _ logits: [Float]) -> [Int] {
    var changed = logits
    rule.apply(to: &changed)
    for (after, before) in zip(changed, logits) where after != -.infinity {
      #expect(after == before, "a kept logit changed")
    }
    return changed.indices.filter { changed[$0] != -.infinity }
  }

  @Test func temperatureDividesDifferences() {
    var logits: [Float] = [1, 3, -1]
    TemperatureRule(2).apply(to: &logits)
    #expect(logits == [-1, 0, -2])
    TemperatureRule(1).apply(to: &logits)
    #expect(logits == [-1, 0, -2])
    TemperatureRule(1e-300).apply(to: &logits)
    #expect(logits == [-.infinity, 0, -.infinity])
  }

  @Test func topKKeepsTheLargestAndTheFirstOnTies() {
    #expect(kept(TopKRule(1), [0, 2, 1, 2]) == [1])
    #expect(kept(TopKRule(2), [0, 2, 1, 2]) == [1, 3])
    #expect(kept(TopKRule(3), [0, 2, 1, 2]) == [1, 2, 3])
    #expect(kept(TopKRule(4), [0, 2, 1, 2]) == [0, 1, 2, 3])
    #expect(kept(TopKRule(9), [0, 2, 1, 2]) == [0, 1, 2, 3])
    #expect(kept(TopKRule(2), [5, 5, 5, 5]) == [0, 1])
  }

  @Test func theNucleusEndsWithTheTokenThatExceeds() {
    let four: [Float] = [0, 0, 0, 0]
    #expect(kept(NucleusRule(0.24), four) == [0])
    // One quarter does not exceed a quarter: the next token belongs to the nucleus.
    #expect(kept(NucleusRule(0.25), four) == [0, 1])
    #expect(kept(NucleusRule(0.5), four) == [0, 1, 2])
    #expect(kept(NucleusRule(0.75), four) == [0, 1, 2, 3])
    #expect(kept(NucleusRule(1), four) == [0, 1, 2, 3])
    // Probabilities 0.1, 0.6, 0.3.
    let uneven = [0.1, 0.6, 0.3].map { Float(log($0)) }
    #expect(kept(NucleusRule(1e-9), uneven) == [1])
    #expect(kept(NucleusRule(0.59), uneven) == [1])
    #expect(kept(NucleusRule(0.61), uneven) == [1, 2])
    #expect(kept(NucleusRule(0.89), uneven) == [1, 2])
    #expect(kept(NucleusRule(0.91), uneven) == [0, 1, 2])
    #expect(kept(NucleusRule(1), uneven) == [0, 1, 2])
  }

  @Test func theNucleusIsTakenAmongTheKeptTokens() {
    // 0.4, 0.3, 0.2, 0.1: among the first two, the first one has 4/7.
    var logits = [0.4, 0.3, 0.2, 0.1].map { Float(log($0)) }
    TopKRule(2).apply(to: &logits)
    #expect(kept(NucleusRule(0.5), logits) == [0])
    #expect(kept(NucleusRule(0.6), logits) == [0, 1])
  }

  /// Sorting is the plain way to the same cut.
  @Test(arguments: [1, 2, 3, 17, 100, 1000, 8192])
  func cutsAgreeWithSorting(vocabularySize: Int) {
    var numbers = TestNumbers(seed: UInt64(vocabularySize))
    // Rounded, so that there are ties.
    let logits = (0..<vocabularySize).map { _ in
      (numbers.number(in: -4..<4) * 16).rounded() / 16
    }
    let order = logits.indices.sorted {
      logits[$0] > logits[$1] || (logits[$0] == logits[$1] && $0 < $1)
    }
    for count in [1, 2, vocabularySize / 3, vocabularySize - 1, vocabularySize] where count > 0 {
      #expect(kept(TopKRule(count), logits) == order.prefix(count).sorted())
    }
    let total = logits.reduce(0.0) { $0 + exp(Double($1)) }
    for probability in [0.001, 0.3, 0.951, 0.9999] {
      var sum = 0.0
      var nucleus: [Int] = []
      for token in order where sum <= probability {
        sum += exp(Double(logits[token])) / total
        nucleus.append(token)
      }
      #expect(kept(NucleusRule(probability), logits) == nucleus.sorted())
    }
  }

  @Test func settingsThatAreNoneStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = TemperatureRule(0) }
    await #expect(processExitsWith: .failure) { _ = TopKRule(0) }
    await #expect(processExitsWith: .failure) { _ = NucleusRule(0) }
    await #expect(processExitsWith: .failure) { _ = TokenChoice(topP: 1.5) }
  }
}
