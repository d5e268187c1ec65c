import Foundation
import TestSupport
import Testing

extension GoldenCase {
  /// The tokenizers.
  static let tokenizers = models([
    "tokenizer-published", "tokenizer-paper", "tokenizer-aligned", "tokenizer-entropy",
    "tokenizer-flat", "tokenizer-deep",
  ])

  /// The generators.
  static let generators = models(["generator-har", "generator-ar"])

  /// Steps of a tokenizer's training.
  static let tokenizerSteps = models(["training-steps"])

  /// Steps of a generator's training.
  static let generatorSteps = models(["generator-steps"])

  /// The directory of the fixtures.
  fileprivate static var fixtures: URL {
    Bundle.module.bundleURL.appendingPathComponent("Goldens")
  }

  private static func models(_ names: [String]) -> [GoldenCase] {
    cases(names, fixtures: fixtures)
  }
}

@Test func everyFixtureIsACase() throws {
  let cases =
    GoldenCase.tokenizers + GoldenCase.generators + GoldenCase.tokenizerSteps
    + GoldenCase.generatorSteps
  #expect(try GoldenCase.names(fixtures: GoldenCase.fixtures) == Set(cases.map(\.name)))
}
