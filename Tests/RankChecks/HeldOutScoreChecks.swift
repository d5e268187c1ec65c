import Autodiff
import Configurations
import DataParallel
import Datasets
import HierarchicalGenerator
import MessagePassing
import PhaseFixtures
import ResidualTokenizer
import TestSupport
import Training

/// Scores during training are the same on one rank and on several.
func checkHeldOutScores(_ checks: RankCheckList) throws {
  try checks.check("scores of held-out images") { ranks in
    try withTemporaryDirectory { folder in
      try DigitsDataset.write(to: folder + "/digits")
      try writeRandomNetworks(in: folder + "/networks")
      let configuration = try TokenizerRunConfiguration(
        yaml: try Repository.text(of: "Configs/smoke/tokenizer.yaml"),
        overrides: [
          "data.train=\(folder)/digits/train", "data.evaluation=\(folder)/digits/evaluation",
          "batch={lanes: 12, per_lane: 3}",
          "evaluate={every: 1, metrics: [psnr, ssim, lpips, rfid, is], lpips: {network: "
            + "\(folder)/networks/alexnet.safetensors, linear: \(folder)/networks/lpips.safetensors}, "
            + "inception: \(folder)/networks/inception.safetensors}",
        ])
      let scores = try compare(ranks) { session in
        let task = try TokenizerTask(configuration, isCoordinator: session.isCoordinator)
        task.mainNetwork.allocate(operandType: .float32)
        task.mainNetwork.initialize(seed: 1)
        // The second time the originals are known.
        return [try task.evaluate(session), try task.evaluate(session)]
      }
      try require(scores[0] == scores[1], "the second time there are others: \(scores)")
    }
  }
  try checkDamagedImages(checks)
  try checks.check("scores of sampled images") { ranks in
    try withTemporaryDirectory { folder in
      try writeRandomNetworks(in: folder + "/networks")
      let configuration = try GeneratorRunConfiguration(
        yaml: try Repository.text(of: "Configs/smoke/generator.yaml"),
        overrides: [
          "evaluate={every: 1, metrics: [is], samples: 43, guidance: 2, inception: "
            + "\(folder)/networks/inception.safetensors}"
        ])
      let tokenizer = try TokenizerRunConfiguration(
        yaml: try Repository.text(of: "Configs/smoke/tokenizer.yaml"))
      let arenas = (ParameterArena(), ParameterArena())
      let models = (
        Generator(configuration.model, in: ParameterScope(arenas.0)),
        ResTok(tokenizer.model, in: ParameterScope(arenas.1))
      )
      for arena in [arenas.0, arenas.1] {
        arena.allocate(forTraining: false)
        arena.initialize(seed: 1)
      }
      _ = try compare(ranks) { session in
        [
          try SampledImageScores(configuration.training, isCoordinator: session.isCoordinator)
            .evaluate(models.0, models.1, session)
        ]
      }
    }
  }
}

/// Features of the originals that an earlier evaluation found out are not those of the images that a later one can read.
private func checkDamagedImages(_ checks: RankCheckList) throws {
  try checks.check("scores of other held-out images than before") { ranks in
    try withTemporaryDirectory { folder in
      try writeSoundAndDamagedSets(in: folder)
      try writeRandomNetworks(in: folder + "/networks")
      let configuration = try TokenizerRunConfiguration(
        yaml: try Repository.text(of: "Configs/smoke/tokenizer.yaml"),
        overrides: [
          "data={train: \(folder)/sound, evaluation: \(folder)/damaged, on_error: skip}",
          "batch={lanes: 12, per_lane: 3}",
          "evaluate={every: 1, metrics: [psnr, rfid], inception: "
            + "\(folder)/networks/inception.safetensors}",
        ])
      let arena = ParameterArena()
      let model = ResTok(configuration.model, in: ParameterScope(arena))
      arena.allocate(forTraining: false)
      arena.initialize(seed: 1)
      let scores = try compare(ranks) { session in
        func evaluate(_ name: String, _ scores: HeldOutReconstructions) throws -> Evaluation {
          let reader =
            try session.isCoordinator
            ? ImageLaneReader(
              dataset: ImageDataset(folder: "\(folder)/\(name)"), skipsDamaged: true,
              reportSkipped: { _ in }) : nil
          return try scores.evaluate(model, reader, session)
        }
        let known = try HeldOutReconstructions(configuration)
        return [
          try evaluate("sound", known), try evaluate("damaged", known),
          try evaluate("damaged", known),
          try evaluate("damaged", HeldOutReconstructions(configuration)),
        ]
      }
      let counts = scores.map { $0.first { $0.name == "images_scored" }?.value }
      try require(counts == [6, 5, 5, 5], "\(counts) images")
      try require(
        scores[0] != scores[1] && scores[1] == scores[2] && scores[2] == scores[3],
        "the originals are others: \(scores)")
    }
  }
}

/// Scores on all ranks and on this one alone.
///
/// - Returns: The scores of this rank alone.
private func compare(
  _ ranks: Communicator, _ evaluations: (TrainingSession) throws -> [Evaluation]
) throws -> [[Metric]] {
  func scores(_ communicator: Communicator) throws -> [[Metric]] {
    let session = TrainingSession(
      communicator: communicator, stopSignal: StopSignal.install(), resume: .never)
    return try evaluations(session).map(\.scores)
  }
  let (shared, alone) = (try scores(ranks), try scores(.single()))
  guard ranks.rank == 0 else { return alone }
  try require(alone.allSatisfy { $0.count > 1 }, "there are no scores: \(alone)")
  try require(shared == alone, "\(shared), on one rank \(alone)")
  return alone
}
