import ArrayFiles
import Evaluation
import ImageFiles
import Inference
import MessagePassing
import TestSupport
import Testing

/// Reconstructions of a tokenizer, scored as they are made.
@Suite struct ModelEvaluationTests {
  private func images(_ count: Int) -> [RGBImage] {
    (0..<count).map { number in
      RGBImage(
        height: 40, width: 36,
        pixels: (0..<40 * 36 * 3).map {
          UInt8(truncatingIfNeeded: ($0 / 3 &* (number + 3)) ^ ($0 / 400 &* 29))
        })
    }
  }

  @Test func theCurveIsThatOfWrittenReconstructions() throws {
    try withTemporaryDirectory { folder in
      let model = ModelSource(
        path: try SmallRuns(folder: folder).imported(.tokenizer, standardDeviation: 1))
      try write(
        images(11), toFolder: folder + "/images", names: (10..<21).map { "\($0).png" })
      let context = EvaluationContext(communicator: .single(), threadCount: 1)
      var evaluation = ReconstructionEvaluation(
        originals: [folder + "/images"], source: .model(model))
      evaluation.keptTokenCounts = [16, 4, 4]
      let certificate = try #require(try evaluation.run(context))
      #expect(certificate.method.keptTokenCounts == [4, 16])
      #expect(certificate.subject.weights == "default" && certificate.subject.weightsDigest != nil)
      for kept in [4, 16] {
        let written = try ImageCommands.reconstruct(
          [folder + "/images"], with: model, keepCount: kept, to: "\(folder)/\(kept).npz")
        #expect(
          abs(
            try #require(certificate.value("psnr", keptTokenCount: kept))
              - #require(written.peakSignalToNoiseRatio)) < 1e-9)
        var others = ReconstructionEvaluation(
          originals: [folder + "/images"], source: .images(["\(folder)/\(kept).npz"]))
        others.size = 32
        let ofImages = try #require(try others.run(context))
        for name in ["psnr", "ssim"] {
          let curve = try #require(certificate.value(name, keptTokenCount: kept))
          #expect(abs(curve - (ofImages.value(name) ?? 0)) < 1e-9, "\(name) of \(kept)")
        }
        #expect(ofImages.method.reference.digest == certificate.method.reference.digest)
      }
      let usage = certificate.figures.filter { $0.name == "codebook_usage" }
      #expect(usage.map(\.level) == [nil, 0, 1, 2, 3, 4])
      #expect(usage.allSatisfy { (0...1).contains($0.mean) && $0.mean > 0 })
      evaluation.keptTokenCounts = [17]
      #expect(throws: (any Error).self) { try evaluation.run(context) }
    }
  }
}
