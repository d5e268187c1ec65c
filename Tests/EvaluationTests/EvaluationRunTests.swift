import ArrayFiles
import Datasets
import Evaluation
import FeatureNetworks
import Foundation
import ImageFiles
import Inference
import MessagePassing
import PhaseFixtures
import Reporting
import TestSupport
import Testing

/// Whole evaluations of small sets through small networks.
@Suite struct EvaluationRunTests {
  private static var context: EvaluationContext {
    EvaluationContext(communicator: .single(), threadCount: 1)
  }

  /// Made-up images that differ from one another.
  private func images(_ count: Int, size: Int = 34, seed: Int) -> [RGBImage] {
    (0..<count).map { number in
      RGBImage(
        height: size, width: size,
        pixels: (0..<size * size * 3).map {
          UInt8(truncatingIfNeeded: ($0 / 5 &* (number + seed + 2)) ^ ($0 / 300 &* 11))
        })
    }
  }

  private func write(_ images: [RGBImage], to path: String) throws {
    let shape = [images.count, images[0].height, images[0].width, 3]
    try NumPyArchive.write(
      [("arr_0", NumPyArray(images.flatMap(\.pixels), shape: shape))], to: path)
  }

  private func write(_ images: [RGBImage], toFolder folder: String) throws {
    try FileSystem.createDirectory(folder)
    for (index, image) in images.enumerated() {
      try image.writePNG(to: "\(folder)/\(1000 + index).png")
    }
  }

  /// The figures of a certificate by name.
  private func figures(_ certificate: EvaluationCertificate?) throws -> [String: Double] {
    Dictionary(
      try #require(certificate).figures.filter { $0.level == nil }.map { ($0.name, $0.mean) },
      uniquingKeysWith: { $1 })
  }

  @Test func samplesAreScoredAgainstImagesAndAgainstTheirStatistics() throws {
    try withTemporaryDirectory { folder in
      try writeRandomNetworks(in: folder)
      let inception = folder + "/inception.safetensors"
      let (reference, samples) = (images(21, seed: 0), images(19, seed: 40))
      try write(reference, to: folder + "/reference.npz")
      try write(samples, to: folder + "/samples.npz")
      func evaluate(_ samples: String, _ reference: String) throws -> EvaluationCertificate {
        try #require(
          try GenerationEvaluation(
            samples: [folder + "/" + samples], reference: [folder + "/" + reference],
            inception: inception
          ).run(Self.context))
      }
      let whole = try evaluate("samples.npz", "reference.npz")
      #expect(
        try figures(whole).keys.sorted() == ["fid", "is", "precision", "recall", "sfid"])
      #expect(whole.unavailable.isEmpty && whole.warnings.count == 2)

      let written = try StatisticsEvaluation(
        images: [folder + "/reference.npz"], inception: inception, size: nil,
        output: folder + "/statistics.npz"
      ).run(Self.context)
      #expect(written?.images.imageCount == 21)
      let statistics = try evaluate("samples.npz", "statistics.npz")
      for name in ["fid", "sfid", "is"] {
        #expect(statistics.value(name) == whole.value(name), "\(name)")
      }
      #expect(statistics.unavailable.map(\.name) == ["precision", "recall"])

      // The same images in another kind of files are the same subject, and the same reference.
      try write(samples, toFolder: folder + "/samples")
      let folders = try evaluate("samples", "reference.npz")
      #expect(folders.figures == whole.figures && folders.subject.digest == whole.subject.digest)
      _ = try CertificateComparison(folders, whole)
      try NumPyArchive(contentsOf: folder + "/samples.npz").array("arr_0")
        .write(to: folder + "/samples.npy")
      #expect(try evaluate("samples.npy", "reference.npz").figures == whole.figures)
      #expect(throws: EvaluationError.self) { try CertificateComparison(whole, statistics) }
    }
  }

  @Test func statisticsTakeThePlaceOfNothingElse() throws {
    try withTemporaryDirectory { folder in
      try writeRandomNetworks(in: folder)
      let (set, inception) = (folder + "/images", folder + "/inception.safetensors")
      try write(images(5, seed: 0), toFolder: set)
      try write(images(5, seed: 0), to: folder + "/images.npz")
      func evaluate(_ output: String) throws {
        _ = try StatisticsEvaluation(
          images: [set], inception: inception, size: nil, output: folder + "/" + output
        ).run(Self.context)
      }
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link.npz", withDestinationPath: inception)
      for output in [
        "inception.safetensors", "link.npz", "images.npz", "images/statistics.npz",
        "lpips.safetensors",
      ] {
        let bytes = try? FileSystem.bytes(of: folder + "/" + output)
        #expect(throws: CommandError.self) { try evaluate(output) }
        #expect((try? FileSystem.bytes(of: folder + "/" + output)) == bytes)
      }
      for _ in 0..<2 { try evaluate("statistics.npz") }
    }
  }

  /// Each pass is counted from its beginning.
  @Test func everyPassIsCounted() throws {
    try withTemporaryDirectory { folder in
      try writeRandomNetworks(in: folder)
      try write(images(9, seed: 0), to: folder + "/reference.npz")
      try write(images(5, seed: 9), to: folder + "/samples.npz")
      var counts: [[Int]] = []
      _ = try withoutActuallyEscaping({ counts.append([$0, $1]) }) { progress in
        try GenerationEvaluation(
          samples: [folder + "/samples.npz"], reference: [folder + "/reference.npz"],
          inception: folder + "/inception.safetensors"
        ).run(
          EvaluationContext(communicator: .single(), threadCount: 1, progress: progress))
      }
      #expect(counts == [[0, 5], [5, 5], [0, 9], [8, 9], [9, 9]])
    }
  }

  @Test func aReferenceBatchHasStatisticsOfOtherImages() throws {
    try withTemporaryDirectory { folder in
      try writeRandomNetworks(in: folder)
      let inception = folder + "/inception.safetensors"
      let samples = images(19, seed: 40)
      try write(images(23, seed: 7), to: folder + "/many.npz")
      try write(images(21, seed: 0), to: folder + "/few.npz")
      try write(samples, to: folder + "/samples.npz")
      _ = try StatisticsEvaluation(
        images: [folder + "/many.npz"], inception: inception, size: nil,
        output: folder + "/statistics.npz"
      ).run(Self.context)
      let arrays = try NumPyArchive(contentsOf: folder + "/statistics.npz")
      let batch = try NumPyArchive(contentsOf: folder + "/few.npz").array("arr_0")
      try NumPyArchive.write(
        [("arr_0", batch)] + ["mu", "sigma"].map { ($0, try arrays.array($0)) },
        to: folder + "/batch.npz")
      func evaluate(_ reference: String) throws -> EvaluationCertificate {
        try #require(
          try GenerationEvaluation(
            samples: [folder + "/samples.npz"], reference: [folder + "/" + reference],
            inception: inception
          ).run(Self.context))
      }
      let both = try evaluate("batch.npz")
      #expect(both.value("fid") == (try evaluate("many.npz").value("fid")))
      #expect(both.value("recall") == (try evaluate("few.npz").value("recall")))
      #expect(both.method.reference.content == "statistics and images")
      #expect(both.unavailable.map(\.name) == ["sfid"])
    }
  }

  /// Networks, five samples, and statistics of features of two dimensions.
  private func writeSamplesAndSmallStatistics(in folder: String) throws {
    try writeRandomNetworks(in: folder)
    try write(images(5, seed: 0), to: folder + "/samples.npz")
    try NumPyArchive.write(
      [("mu", NumPyArray([0.0, 1])), ("sigma", NumPyArray([1.0, 0, 0, 1], shape: [2, 2]))],
      to: folder + "/statistics.npz")
  }

  @Test func statisticsOfAnotherNetworkAreRefused() throws {
    try withTemporaryDirectory { folder in
      try writeSamplesAndSmallStatistics(in: folder)
      let error = #expect(throws: EvaluationError.self) {
        try GenerationEvaluation(
          samples: [folder + "/samples.npz"], reference: [folder + "/statistics.npz"],
          inception: folder + "/inception.safetensors"
        ).run(Self.context)
      }
      #expect("\(error as Any)".contains("features of 2 dimensions, expected 48"))
    }
  }

  @Test func setsOfReconstructionsAreScoredImageByImage() throws {
    try withTemporaryDirectory { folder in
      try writeRandomNetworks(in: folder)
      let originals = images(18, seed: 0)
      var changed = originals
      changed[3] = RGBImage(
        height: 34, width: 34, pixels: originals[3].pixels.map { $0 < 250 ? $0 + 5 : $0 - 5 })
      try write(originals, to: folder + "/originals.npz")
      try write(changed, toFolder: folder + "/reconstructions")
      var evaluation = ReconstructionEvaluation(
        originals: [folder + "/originals.npz"], source: .images([folder + "/reconstructions"]))
      evaluation.inception = folder + "/inception.safetensors"
      evaluation.perceptual = [[folder + "/alexnet.safetensors", folder + "/lpips.safetensors"]]
      let certificate = try #require(try evaluation.run(Self.context))
      let found = try figures(certificate)
      #expect(found["equal_images"] == 17)
      #expect(abs((found["psnr"] ?? 0) - 34.1514) < 1e-3)
      #expect((0.9..<1).contains(found["ssim"] ?? 0) && (found["lpips_alexnet"] ?? 0) > 0)
      #expect((found["rfid"] ?? 0) > 0 && (found["is"] ?? 0) >= 1)
      #expect(certificate.unavailable.map(\.name) == ["ms_ssim"])
      #expect(certificate.unavailable[0].reason.contains("18 of 18 images have a side below 161"))

      try write(images(17, seed: 0), to: folder + "/few.npz")
      evaluation.source = .images([folder + "/few.npz"])
      #expect(throws: EvaluationError.unlikeCounts(originals: 18, reconstructions: 17)) {
        try evaluation.run(Self.context)
      }
      try write(images(18, size: 20, seed: 0), to: folder + "/small.npz")
      evaluation.source = .images([folder + "/small.npz"])
      #expect(throws: EvaluationError.self) { try evaluation.run(Self.context) }
      evaluation.size = 20
      evaluation.inception = nil
      evaluation.perceptual = []
      let small = try #require(try evaluation.run(Self.context))
      #expect(small.unavailable.map(\.name) == ["ms_ssim", "rfid", "is", "lpips"])
    }
  }

  /// Sizes are compared image by image, and the image is named by its number in the set.
  @Test(arguments: [0, 11]) func anImageOfAnotherSizeIsNamed(index: Int) throws {
    try withTemporaryDirectory { folder in
      let originals = images(13, seed: 0)
      var others = originals
      others[index] = RGBImage(height: 20, width: 34, filledWith: 7)
      try write(originals, to: folder + "/originals.npz")
      try write(others, toFolder: folder + "/reconstructions")
      let evaluation = ReconstructionEvaluation(
        originals: [folder + "/originals.npz"], source: .images([folder + "/reconstructions"]))
      #expect(
        throws: EvaluationError.unlikeSizes(
          index: index, original: [34, 34], reconstruction: [20, 34])
      ) { try evaluation.run(Self.context) }
    }
  }

  @Test func sizesOfAReferenceWithStatisticsAreRefused() throws {
    try withTemporaryDirectory { folder in
      try writeSamplesAndSmallStatistics(in: folder)
      var evaluation = GenerationEvaluation(
        samples: [folder + "/samples.npz"], reference: [folder + "/statistics.npz"],
        inception: folder + "/inception.safetensors")
      evaluation.referenceSize = 20
      let error = #expect(throws: CommandError.self) { try evaluation.run(Self.context) }
      #expect("\(error as Any)".contains("--reference-size 20"))
    }
  }

  @Test func theShippedCaseIsRight() throws {
    let check = try EvaluationCheck.run()
    #expect(check.isPassed && check.rows.count == 16, "\(check)")
    #expect(check.description.hasSuffix("all 16 figures are right"))
  }
}
