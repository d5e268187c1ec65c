import ArrayFiles
import FeatureNetworks
import Foundation
import ImageFiles
import TestSupport
import Testing

extension GoldenCase {
  /// Distances of sets of features.
  static let features = evaluation("features")
  /// Scores of pairs of images.
  static let images = evaluation("images")
  /// Sets of images through a network.
  static let suites = evaluation("suite")
  /// Distributions of tokens.
  static let tokens = evaluation("tokens")
  /// Archives of NumPy.
  static let archives = evaluation("npz")

  /// The directory of the fixtures.
  fileprivate static var fixtures: URL {
    Bundle.module.bundleURL.appendingPathComponent("Goldens")
  }

  private static func evaluation(_ name: String) -> [GoldenCase] {
    cases([name], in: "evaluation", fixtures: fixtures)
  }

  /// The Inception-v3 that a suite's images go through; that of the fixtures is one of the losses' tests.
  func inception() throws -> FrozenNetwork<Inception> {
    let fixture = GoldenCase.cases(
      ["inception"], in: "evaluation",
      fixtures: URL(fileURLWithPath: Repository.folder + "/Tests/LossGoldenTests/Goldens"))[0]
    let golden = isShipped ? fixture : neighbour("inception")
    return try FrozenNetwork(inception: golden.tensors().weights(after: "param."))
  }

  /// A number of the case's fields by its path, such as `["tall", "FID"]`.
  func number(_ path: String...) throws -> Double {
    var value = try value()
    for key in path { value = try #require(value[key], "\(testDescription) has no \(path)") }
    return try #require(value.number, "\(testDescription): \(path)")
  }
}

extension SafetensorsFile {
  /// The images of a uint8 tensor `[images, height, width, 3]`.
  func pictures(_ name: String) throws -> [RGBImage] {
    let stored = try tensor(name)
    let shape = stored.shape
    try #require(shape.count == 4 && shape[3] == 3, "\(name) has shape \(shape)")
    let pixels: [UInt8] = try stored.elements()
    let size = shape[1] * shape[2] * 3
    return (0..<shape[0]).map {
      RGBImage(
        height: shape[1], width: shape[2], pixels: Array(pixels[$0 * size..<($0 + 1) * size]))
    }
  }
}

@Test func everyFixtureIsACase() throws {
  let cases = GoldenCase.features + GoldenCase.images + GoldenCase.suites + GoldenCase.tokens
  #expect(
    try GoldenCase.names(in: "evaluation", fixtures: GoldenCase.fixtures)
      == Set(cases.map(\.name)))
}
