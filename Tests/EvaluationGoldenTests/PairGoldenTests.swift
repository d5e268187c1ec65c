import ArrayFiles
import Evaluation
import FeatureNetworks
import Foundation
import ImageFiles
import Inference
import TestSupport
import Testing

/// Scores of pairs of images and of tokens against a PyTorch program.
@Suite struct PairGoldenTests {
  private func distance(
    _ file: SafetensorsFile, _ name: String, _ architecture: PerceptualArchitecture
  ) throws -> PerceptualDistance {
    let weights = try file.weights(after: "param.\(name).")
    func part(_ isWeight: Bool) -> WeightsFile {
      WeightsFile(
        weights.tensors.filter { $0.name.hasPrefix("lin") == isWeight }, path: weights.path)
    }
    let network = try FrozenNetwork(
      perceptual: part(false), architecture, operandType: .float32)
    return PerceptualDistance(
      network: network,
      weights: try FrozenNetwork(
        perceptualWeights: part(true), widths: network.network.widths, operandType: .float32))
  }

  @Test(arguments: GoldenCase.images)
  func imagesAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let facts = try golden.value()
    let networks = (
      alex: try distance(file, "alex", .alexNet), vgg: try distance(file, "vgg", .vgg16)
    )
    var errors = GoldenErrors(golden)
    let cases = file.names(after: "in.").filter { $0.hasSuffix(".real") }.map { $0.dropLast(5) }
    #expect(!cases.isEmpty)
    for name in cases.sorted() {
      let expected = try #require(facts["\(name)"], "case \(name)")
      let pairs = zip(try file.pictures("in.\(name).real"), try file.pictures("in.\(name).fake"))
      func compare(
        _ key: String, tolerance: Double, _ value: (RGBImage, RGBImage) -> Double?
      ) throws {
        let values = pairs.compactMap(value)
        guard let numbers = expected[key]?.elements.compactMap(\.number) else {
          #expect(values.isEmpty, "\(key) of case \(name)")
          return
        }
        errors.compare(
          values, numbers, tolerance: tolerance, as: key, "\(key) of case \(name)")
      }
      try compare("psnr", tolerance: 1e-9) { original, reconstruction in
        var score = PixelScore()
        score.add(
          meanSquaredError: PixelScore.meanSquaredError(original, reconstruction))
        return score.value
      }
      try compare("ssim", tolerance: 1e-9, StructuralSimilarity.value)
      try compare("ms_ssim", tolerance: 1e-9, StructuralSimilarity.valueOverScales)
      try compare("lpips_alex", tolerance: 1e-5, networks.alex.value)
      try compare("lpips_vgg", tolerance: 1e-5, networks.vgg.value)
      try requireEqualityIsSeen(of: try file.pictures("in.\(name).real")[0], networks.alex)
    }
    errors.report()
  }

  private func requireEqualityIsSeen(of image: RGBImage, _ distance: PerceptualDistance) throws {
    var score = PixelScore()
    score.add(meanSquaredError: PixelScore.meanSquaredError(image, image))
    #expect(score.value == nil && score.equalCount == 1)
    #expect(abs(try #require(StructuralSimilarity.value(image, image)) - 1) < 1e-12)
    if let value = StructuralSimilarity.valueOverScales(image, image) {
      #expect(abs(value - 1) < 1e-12)
    }
    #expect(distance.value(image, image) == 0)
  }

  @Test(arguments: GoldenCase.tokens)
  func tokensAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let facts = try golden.value()
    var errors = GoldenErrors(golden)
    for name in file.names(after: "in.").sorted() {
      let stored = try file.tensor("in.\(name)")
      let (tokens, length) = (try stored.int64s(), stored.shape[1])
      let size = Int(try golden.number(name, "size"))
      func usage(_ isMeant: (_ position: Int) -> Bool) -> CodebookUsage {
        var usage = CodebookUsage(codebookSize: size)
        for (index, token) in tokens.enumerated() where isMeant(index % length) {
          usage.add(Int(token))
        }
        return usage
      }
      let byPosition = facts[name]?["by position, 0 1 last"]?.elements ?? []
      #expect(byPosition.count == 3)
      let all = try #require(facts[name]?["all"])
      let cases =
        [(all, usage { _ in true })]
        + zip(byPosition, [0, 1, length - 1]).map { expected, position in
          (expected, usage { $0 == position })
        }
      for (expected, found) in cases {
        for (key, value) in [
          ("usage", found.usedShare), ("entropy", found.entropy),
          ("entropy_published", found.publishedEntropy), ("perplexity", found.perplexity),
        ] {
          errors.compare(
            [value], [try #require(expected[key]?.number)], tolerance: 1e-12, floor: 1e-3, as: key,
            "\(key) of \(name)")
        }
      }
    }
    errors.report()
  }
}
