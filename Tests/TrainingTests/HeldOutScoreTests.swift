import ArrayFiles
import Checkpoints
import Configurations
import Datasets
import Evaluation
import Foundation
import HierarchicalGenerator
import Inference
import MessagePassing
import PhaseFixtures
import TestSupport
import Testing
import Training

/// Scores on held-out data during training.
@Suite struct HeldOutScoreTests {
  /// Small runs beside small networks of random weights.
  private struct Runs {
    let folder: String
    let runs: SmallRuns

    init(in folder: String) throws {
      self.folder = folder
      runs = SmallRuns(folder: folder)
      try DigitsDataset.write(to: folder + "/digits")
      try writeRandomNetworks(in: folder + "/networks")
    }

    var data: String { folder + "/digits/evaluation" }
    func network(_ name: String) -> String { "\(folder)/networks/\(name).safetensors" }

    /// Every score of a tokenizer.
    var allScores: String {
      "evaluate={every: 1, weights: both, metrics: [psnr, ssim, ms_ssim, lpips, rfid, is], lpips: "
        + "{network: \(network("alexnet")), linear: \(network("lpips"))}, inception: "
        + "\(network("inception"))}"
    }

    @discardableResult
    func tokenizer(_ name: String, _ settings: [String]) throws -> TrainingOutcome {
      let configuration = try runs.tokenizer(
        ["run.name=\(name)", "data.train=\(data)", "data.evaluation=\(data)", "steps=2"] + settings)
      return try TrainingRun.tokenizer(configuration, SmallRuns.session)
    }

    func records(_ kind: String, of name: String) throws -> [[String: Any]] {
      try FileSystem.bytes(of: "\(folder)/\(name)/metrics.jsonl").split(separator: 10)
        .compactMap { try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] }
        .filter { $0["kind"] as? String == kind }
    }

    func log(of name: String) throws -> String {
      String(decoding: try FileSystem.bytes(of: "\(folder)/\(name)/log.txt"), as: UTF8.self)
    }
  }

  /// The second evaluation, which knows the originals from the first, against the command on the checkpoint.
  @Test func scoresAreThoseOfTheCommand() throws {
    try withTemporaryDirectory { folder in
      let runs = try Runs(in: folder)
      try runs.tokenizer("run", [runs.allScores])
      let records = try runs.records("evaluation", of: "run")
      #expect(records.map { $0["step"] as? Int } == [1, 2])
      let record = try #require(records.last)
      for (prefix, weights) in [("", WeightChoice.ema), ("model_", .model)] {
        var evaluation = ReconstructionEvaluation(
          originals: [runs.data],
          source: .model(ModelSource(path: folder + "/run", weights: weights)))
        evaluation.inception = runs.network("inception")
        evaluation.perceptual = [[runs.network("alexnet"), runs.network("lpips")]]
        let certificate = try #require(
          try evaluation.run(EvaluationContext(communicator: .single(), threadCount: 1)))
        for name in ["psnr", "ssim", "lpips_alexnet", "rfid", "is"] {
          let found = try #require(record[prefix + name] as? Double, "\(prefix)\(name)")
          let expected = try #require(certificate.value(name))
          #expect(abs(found - expected) < 1e-5 * abs(expected), "\(prefix)\(name)")
        }
        #expect(record[prefix + "images_scored"] as? Double == 197)
        #expect(
          record[prefix + "weights_digest"] as? String == certificate.subject.weightsDigest)
        #expect(
          record[prefix + "codes_used_share"] as? Double == certificate.value("codebook_usage"))
        #expect(record[prefix + "ms_ssim"] == nil)
        #expect(
          record["inception_digest"] as? String == certificate.method.networks["inception"]?.digest)
      }
      #expect(record["psnr"] as? Double != record["model_psnr"] as? Double)
      let log = try runs.log(of: "run")
      for text in [
        "evaluation: there is no ms_ssim of images of side 32: it takes 161 at least",
        "evaluation: there is no ms_ssim: 197 of 197 images have a side below 161",
        "step 2 of the weights as they are trained: psnr ", "every 1 steps and at the end",
        "evaluate.inception: \(runs.network("inception")) (xxh64:",
      ] { #expect(log.contains(text), "\(text)") }
      #expect(log.components(separatedBy: "there is no ms_ssim: 197").count == 2)
    }
  }

  @Test func whatIsTrainedDoesNotDependOnIt() throws {
    try withTemporaryDirectory { folder in
      let runs = try Runs(in: folder)
      try runs.tokenizer("without", [])
      try runs.tokenizer("with", [runs.allScores])
      let manifests = try ["without", "with"].map {
        try ModelSource(path: folder + "/" + $0).checkpoint { _ in }.manifest
      }
      #expect(manifests[0].stateDigest == manifests[1].stateDigest)
      #expect(manifests[0].configurationDigest == manifests[1].configurationDigest)
      #expect(
        try runs.records("evaluation", of: "without").last?["psnr"] as? Double
          == runs.records("evaluation", of: "with").last?["psnr"] as? Double)
    }
  }

  @Test func everyFileThatCannotBeUsedIsNamed() throws {
    try withTemporaryDirectory { folder in
      let runs = try Runs(in: folder)
      let error = #expect(throws: NamedFileError.self) {
        try runs.tokenizer(
          "run",
          [
            runs.allScores, "evaluate.lpips.linear=\(runs.network("inception"))",
            "evaluate.inception=\(folder)/nowhere",
            "losses.perceptual={weight: 1, convnext_s: {network: \(folder)/nothing}}",
          ])
      }
      let text = "\(try #require(error))"
      for part in [
        "losses.perceptual.convnext_s.network should name a file of ConvNeXt-S: there is no file",
        "evaluate.lpips should name a file of AlexNet or VGG-16, and of LPIPS's linear layers for it: ",
        "evaluate.inception should name a file of Inception-v3: there is no file '\(folder)/nowhere': name one, "
          + "or take what looks through it out of evaluate.metrics",
      ] { #expect(text.contains(part), "\(text)") }
      #expect(!FileSystem.exists(folder + "/run"))
    }
  }

  /// A generator's samples, against the command on written ones.
  @Test func samplesOfAGeneratorAreScored() throws {
    try withTemporaryDirectory { folder in
      let runs = try Runs(in: folder)
      let tokenizer = try runs.runs.imported(.tokenizer, standardDeviation: 1)
      _ = try CodeExtraction.encode(
        data: runs.data, with: ModelSource(path: tokenizer), to: folder + "/codes.h5",
        communicator: .single())
      let context = EvaluationContext(communicator: .single(), threadCount: 1)
      _ = try StatisticsEvaluation(
        images: [runs.data], inception: runs.network("inception"), size: nil,
        output: folder + "/statistics.npz"
      ).run(context)
      func settings(_ name: String) -> [String] {
        ["run.name=\(name)", "tokenizer=\(tokenizer)", "data.codes=\(folder)/codes.h5", "steps=2"]
      }
      let scores =
        "evaluate={every: 1, metrics: [fid, is], samples: 40, guidance: 2, inception: "
        + "\(runs.network("inception")), reference: \(folder)/statistics.npz}"
      for (name, extra) in [("run", [scores]), ("without", [])] {
        _ = try TrainingRun.generator(
          try runs.runs.generator(settings(name) + extra), SmallRuns.session)
      }
      let manifests = try ["run", "without"].map {
        try ModelSource(path: folder + "/" + $0).checkpoint { _ in }.manifest
      }
      #expect(manifests[0].stateDigest == manifests[1].stateDigest)
      let record = try #require(try runs.records("evaluation", of: "run").last)
      #expect(record["images_sampled"] as? Double == 40 && record["guidance"] as? Double == 2)
      #expect(record["evaluation_loss"] == nil)
      _ = try Sampling(
        tokenizer: ModelSource(path: tokenizer), generator: ModelSource(path: folder + "/run")
      ).run(
        SamplingRequest(
          labels: try LabelSelection.classes(Array(0..<10), count: 4).labels(classCount: 10),
          guidance: Guidance(strength: 2), seed: 0, output: folder + "/samples.npz"))
      let certificate = try #require(
        try GenerationEvaluation(
          samples: [folder + "/samples.npz"], reference: [folder + "/statistics.npz"],
          inception: runs.network("inception")
        ).run(context))
      for name in ["fid", "is"] {
        let found = try #require(record[name] as? Double)
        let expected = try #require(certificate.value(name))
        #expect(abs(found - expected) < 1e-5 * expected, "\(name): \(found), \(expected)")
      }
      let reference = #expect(throws: NamedFileError.self) {
        try TrainingRun.generator(
          try runs.runs.generator(
            settings("refused") + [scores, "evaluate.reference=\(folder)/samples.npz"]),
          SmallRuns.session)
      }
      #expect("\(try #require(reference))".contains("there are no statistics in it, only: arr_0"))
    }
  }
}
