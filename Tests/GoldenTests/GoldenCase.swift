import ArrayFiles
import Foundation
import Testing

/// One case of a PyTorch program of the same method: a model's weights with the results and gradients it must have.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  /// The case's name: that of its files.
  let name: String
  /// Where its files are.
  let directory: URL

  var testDescription: String { name }

  /// Whether it is a fixture.
  var isShipped: Bool { directory == Self.fixtures }

  /// The tokenizers; a file that is missing fails its test.
  static let tokenizers = cases([
    "tokenizer-published", "tokenizer-paper", "tokenizer-aligned", "tokenizer-entropy",
    "tokenizer-flat", "tokenizer-deep",
  ])

  /// The generators.
  static let generators = cases(["generator-har", "generator-ar"])

  /// Steps of a tokenizer's training.
  static let tokenizerSteps = cases(["training-steps"])

  /// Steps of a generator's training.
  static let generatorSteps = cases(["generator-steps"])

  /// Each case as a fixture, and in the directory that `RESTOK_GOLDEN_DIRECTORY` names if it is set;
  /// what is not there is said and left out.
  private static func cases(_ names: [String]) -> [GoldenCase] {
    let shipped = names.map { GoldenCase(name: $0, directory: fixtures) }
    guard let given = ProcessInfo.processInfo.environment["RESTOK_GOLDEN_DIRECTORY"] else {
      return shipped
    }
    let found = names.compactMap { name -> GoldenCase? in
      let directory = URL(fileURLWithPath: given)
      let path = directory.appendingPathComponent(name + ".safetensors").path
      guard FileManager.default.fileExists(atPath: path) else {
        print("golden \(name): skipped, there is no \(path)")
        return nil
      }
      return GoldenCase(name: name, directory: directory)
    }
    return shipped + found
  }

  /// The directory of the fixtures.
  static var fixtures: URL { Bundle.module.bundleURL.appendingPathComponent("Goldens") }

  /// The tensors `param.*`, `in.*`, `out.*`, `grad.*` and `mid.*`.
  func tensors() throws -> SafetensorsFile {
    try SafetensorsFile(
      contentsOf: directory.appendingPathComponent(name + ".safetensors").path)
  }

  /// The model's configuration, in the field names of that program.
  func fields<Fields: Decodable>(_ type: Fields.Type = Fields.self) throws -> Fields {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      type, from: Data(contentsOf: directory.appendingPathComponent(name + ".json")))
  }
}

@Test func everyFixtureIsACase() throws {
  let files = try FileManager.default.contentsOfDirectory(atPath: GoldenCase.fixtures.path)
  let found = Set(files.filter { $0.hasSuffix(".safetensors") })
  let cases =
    GoldenCase.tokenizers + GoldenCase.generators + GoldenCase.tokenizerSteps
    + GoldenCase.generatorSteps
  #expect(found == Set(cases.map { $0.name + ".safetensors" }))
}
