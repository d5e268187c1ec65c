import ArrayFiles
import Checkpoints
import Configurations
import Datasets
import FeatureNetworks
import Foundation
import PhaseFixtures
import TestSupport
import Testing
import Training

/// Runs of the whole recipe with small frozen networks of random weights.
@Suite struct RecipeTests {
  /// A run of `Configs/smoke/recipe.yaml` on a small part of the digits.
  private struct Run {
    let folder: String
    var path: String { folder + "/run" }

    init(in folder: String) throws {
      self.folder = folder
      try DigitsDataset.write(to: folder + "/digits")
      try writeRandomNetworks(in: folder + "/networks")
    }

    func network(_ name: String) -> String { "\(folder)/networks/\(name).safetensors" }

    func configuration(_ settings: [String] = []) throws -> TokenizerRunConfiguration {
      let data = folder + "/digits/evaluation"
      return try TokenizerRunConfiguration(
        contentsOf: SmallRuns.configurations + "/recipe.yaml",
        overrides: [
          "run={name: run, output: \(folder), seed: 0}", "data.train=\(data)", "threads=1",
          "data.evaluation=\(data)", "steps=4", "losses.adversarial.start=2",
          "losses.adversarial.backbone=\(network("dino"))",
          "losses.perceptual.lpips.network=\(network("vgg16"))",
          "losses.perceptual.lpips.linear=\(network("lpips"))",
          "losses.alignment.file=\(network("foundation"))",
        ] + settings)
    }

    @discardableResult
    func train(_ settings: [String] = []) throws -> TrainingOutcome {
      try TrainingRun.tokenizer(try configuration(settings), SmallRuns.session)
    }

    func records(_ kind: String) throws -> [[String: Any]] {
      try FileSystem.bytes(of: path + "/metrics.jsonl").split(separator: UInt8(ascii: "\n"))
        .compactMap { try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] }
        .filter { $0["kind"] as? String == kind }
    }

    var log: String {
      get throws { String(decoding: try FileSystem.bytes(of: path + "/log.txt"), as: UTF8.self) }
    }
  }

  @Test func normsOfSingleGradientsAddUpToTheWhole() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      try run.train(["log.gradients_every=2"])
      let (records, steps) = (try run.records("gradients"), try run.records("train"))
      #expect(records.map { $0["step"] as? Int } == [2, 4])
      for record in records {
        let step = try #require(steps.first { $0["step"] as? Int == record["step"] as? Int })
        func norm(_ isOfDiscriminator: Bool) -> Double {
          record.filter { $0.key.hasPrefix("discriminator.") == isOfDiscriminator }
            .filter { $0.key != "kind" && $0.key != "step" }
            .reduce(0) { $0 + pow($1.value as? Double ?? .nan, 2) }.squareRoot()
        }
        let whole = try #require(step["gradient_norm"] as? Double)
        #expect(abs(norm(false) - whole) < 1e-9 * whole)
        let other = step["discriminator_gradient_norm"] as? Double
        #expect(abs(norm(true) - (other ?? 0)) <= 1e-9 * (other ?? 0))
        #expect((other != nil) == (record["step"] as? Int == 4))
      }
    }
  }

  /// Utilisation is of all that is computed, the discriminator from its start on.
  @Test func operationsOfAllNetworksAreCounted() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let task = try TokenizerTask(try run.configuration(), isCoordinator: false)
      let (before, after) = (task.operationCount(inStep: 1), task.operationCount(inStep: 2))
      let none = ["perceptual", "adversarial", "alignment"].map { "losses.\($0)=none" }
      let alone = try TokenizerTask(try run.configuration(none), isCoordinator: false)
      let model = try run.configuration(none).model.stepOperationCount
      #expect(alone.operationCount(inStep: 2) == model)
      #expect(model < before && before < after)
      let lpips = try TokenizerTask(
        try run.configuration(Array(none.dropFirst())), isCoordinator: false)
      let alignment = try TokenizerTask(
        try run.configuration(Array(none.prefix(2))), isCoordinator: false)
      #expect(
        lpips.operationCount(inStep: 1) + alignment.operationCount(inStep: 1) == before + model)
    }
  }

  @Test func theLogSaysWhichLossesAreOnAndWithWhat() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      try run.train(["losses.perceptual.convnext_s={weight: 0.1}"])
      let log = try run.log
      let digest = try ContentDigest.ofFile(at: run.network("dino")).prefixed
      for line in [
        "loss reconstruction: on, l2 × 1.0", "step 3: training of the discriminator begins",
        "loss adversarial: on, dino × 0.5 after step 2, \(run.network("dino")) (\(digest))",
        "loss perceptual: off, losses.perceptual.convnext_s.network names no file (convnext_s × 0.0909",
        "loss perceptual: on, lpips × 0.909",
        "loss alignment: on, dinov3, encoder × 1.0, decoder × 1.0, ",
      ] { #expect(log.contains(line), "\(line) in \(log)") }
      let checkpoint = try Checkpoint(
        directory: run.path + "/checkpoints/" + CheckpointStore.name(step: 4))
      #expect(checkpoint.manifest.pins["losses.adversarial.backbone"] == digest)
      #expect(checkpoint.manifest.networks.map(\.name) == ["tokenizer", "discriminator"])
      #expect(checkpoint.manifest.networks.map(\.stepCount) == [4, 2])
    }
  }

  /// A loss without its file is off, and costs nothing; its projections stay in the model.
  @Test func lossesWithoutFilesAreOff() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let none = [
        "losses.adversarial.backbone=none", "losses.perceptual.lpips.linear=none",
        "losses.alignment.file=none",
      ]
      try run.train(none)
      let names = Set(try run.records("train").flatMap(\.keys))
      #expect(names.isDisjoint(with: ["lpips", "adversarial", "alignment_encoder"]))
      #expect(!names.contains { $0.hasPrefix("discriminator") })
      #expect(try run.log.contains("loss adversarial: off, losses.adversarial.backbone names no"))
      let task = try TokenizerTask(try run.configuration(none), isCoordinator: false)
      #expect(task.networks.count == 1 && task.mainNetwork.arena["vf_proj.weight"] != nil)
    }
  }

  /// At weight 0 a part costs nothing, and with both the file is not even opened.
  @Test func weightsOfZeroSwitchAlignmentOff() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      try run.train([
        "losses.alignment.encoder.weight=0", "losses.alignment.decoder.weight=0",
        "losses.alignment.file=\(folder)/nowhere",
      ])
      #expect(try run.log.contains("loss alignment: off, both of its weights are 0"))
      #expect(!(try run.records("train").contains { $0["alignment_encoder"] != nil }))
    }
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      try run.train(["losses.alignment.decoder.weight=0"])
      let records = try run.records("train")
      #expect(records.allSatisfy { $0["alignment_encoder"] != nil })
      #expect(!records.contains { $0["alignment_decoder"] != nil })
    }
  }

  /// A part without its file leaves the other its share of the whole.
  @Test func sharesAreOfAllConfiguredParts() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      func loss(_ settings: [String]) throws -> Double {
        let task = try TokenizerTask(try run.configuration(settings), isCoordinator: true)
        task.mainNetwork.allocate(operandType: .float32)
        task.mainNetwork.initialize(seed: 1)
        let settings = try run.configuration(settings).training
        let runner = try StepRunner(task, settings: settings, communicator: .single())
        return try runner.run(step: 0) { try task.reader(0, $0) }.phases[0].agreement.lossSum
      }
      let all = try loss(["losses.adversarial=none"])
      let none = try loss(["losses.adversarial=none", "losses.perceptual=none"])
      let half = try loss([
        "losses.adversarial=none", "losses.perceptual.convnext_s={weight: 1, network: none}",
      ])
      #expect(abs(half - none - (all - none) / 2) < 1e-5 * all)
    }
  }

  /// All of them, not just the first.
  @Test func everyFileThatCannotBeUsedIsNamed() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let error = #expect(throws: NamedFileError.self) {
        try run.train([
          "losses.adversarial.backbone=\(folder)/no.pth",
          "losses.perceptual.lpips.network=\(run.network("dino"))",
          "losses.alignment.file=\(folder)/nothing",
        ])
      }
      let text = "\(try #require(error))"
      for part in [
        "losses.adversarial.backbone should name a file of DINO ViT-S/16: there is no file '\(folder)/no.pth'",
        "losses.perceptual.lpips.network should name a file of VGG-16: ",
        "losses.alignment.file should name a file of dinov3: there is no file",
      ] { #expect(text.contains(part), "\(text)") }
    }
  }

  /// Every mistake about a file is known before the first step, and leaves nothing behind.
  @Test(arguments: [
    ("losses.adversarial.backbone", "foundation", "dino: "),
    ("losses.adversarial.backbone", "nowhere", "nowhere.safetensors"),
    ("losses.perceptual.lpips.network", "lpips", "features.0.weight"),
    ("losses.perceptual.lpips.linear", "vgg16", "lin0.model.1.weight"),
    ("losses.alignment.file", "dino", "reg_token"),
  ])
  func aFileOfAnotherNetworkIsRefused(key: String, name: String, message: String) throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let error = #expect(throws: (any Error).self) {
        try run.train(["\(key)=\(run.network(name))"])
      }
      let text = "\(try #require(error))"
      #expect(text.contains(message == "dino: " ? run.network(name) : message), "\(text)")
      #expect(!FileSystem.exists(run.path))
    }
  }

  @Test(arguments: [
    ("losses.alignment.width=128", "losses.alignment.width: the features of the file are 64 wide"),
    ("model.cnn.multipliers=[1, 2]", "losses.alignment.file: patches of 4 pixels cut images of 32"),
    (
      "model={image_size: 30, cnn: {width: 8, multipliers: [1, 2], blocks: 1, groups: 4, features: 16}, "
        + "encoder: {width: 32, layers: 2, heads: 2}, decoder: {width: 32, layers: 2, heads: 2}, scales: "
        + "{count: 1, merge: average, residual: true}, latents: {count: 16, residual: true, "
        + "per_level_projection: true, layout: token}, codebook: {size: 64, width: 8, commitment: 0.25, "
        + "entropy: {weight: 0, temperature: 0.1}, revive: false}, nested_dropout: {least: 4, probability: "
        + "0.2}, rope_base: 10000}",
      "losses.alignment.file: images of 30 pixels cannot be cut into patches of 4"
    ),
    (
      "losses.adversarial.input_size=40",
      "losses.adversarial.input_size: 40 pixels, where the file's positions are for 32"
    ),
  ])
  func aNetworkThatDoesNotFitIsRefused(setting: String, message: String) throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let error = #expect(throws: (any Error).self) { try run.train([setting]) }
      #expect("\(try #require(error))".contains(message), "\(String(describing: error))")
      #expect(!FileSystem.exists(run.path))
    }
  }

  /// Its weights are of the other kind.
  @Test func anotherKindOfDiscriminatorCannotGoOn() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      try run.train()
      let error = #expect(throws: TrainingError.self) {
        try run.train(["steps=6", "losses.adversarial.discriminator=patchgan"])
      }
      #expect(
        "\(try #require(error))".contains(
          "losses.adversarial.discriminator: patchgan instead of dino"))
    }
  }

  /// The discriminator's frozen network is read again when it begins: it must be the same.
  @Test func aFileThatChangesBeforeTheStartIsRefused() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let networks = try RecipeNetworks(try run.configuration())
      try AtomicFile.write(
        Array(try FileSystem.bytes(of: run.network("vgg16"))), to: run.network("dino"))
      let error = #expect(throws: NamedFileError.self) { try networks.backbone?.network.load() }
      #expect("\(try #require(error))".contains("is not the file any more"))
    }
  }
}
