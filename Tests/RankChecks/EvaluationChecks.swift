import ArrayFiles
import Evaluation
import Kernels
import MessagePassing
import PhaseFixtures
import TestSupport

/// Figures are the same on one rank and on several.
func checkEvaluation(_ checks: RankCheckList) throws {
  // More threads than cores would wait for each other.
  setThreadCount(1)
  try checks.check("figures of samples") { ranks in
    try compare(ranks) { folder, context in
      var evaluation = GenerationEvaluation(
        samples: [folder + "/samples.npz"], reference: [folder + "/reference.npz"],
        inception: folder + "/networks/inception.safetensors")
      evaluation.score = InceptionScore.Configuration(splitSize: 7)
      return try evaluation.run(context)
    }
  }
  try checks.check("figures of samples against statistics") { ranks in
    for name in ["statistics", "batch"] {
      try compare(ranks) { folder, context in
        try GenerationEvaluation(
          samples: [folder + "/samples.npz"], reference: ["\(folder)/\(name).npz"],
          inception: folder + "/networks/inception.safetensors"
        ).run(context)
      }
    }
  }
  try checks.check("figures of reconstructions") { ranks in
    try compare(ranks) { folder, context in
      var evaluation = ReconstructionEvaluation(
        originals: [folder + "/reference.npz"],
        source: .images([folder + "/reconstructions.npz"]))
      evaluation.inception = folder + "/networks/inception.safetensors"
      evaluation.perceptual = [
        ["vgg16", "lpips"], ["alexnet", "lpips"],
      ].map { $0.map { "\(folder)/networks/\($0).safetensors" } }
      return try evaluation.run(context)
    }
  }
}

/// Runs an evaluation on all ranks and on this one alone, over files that are the same on every rank.
private func compare(
  _ ranks: Communicator,
  _ run: (_ folder: String, EvaluationContext) throws -> EvaluationCertificate?
) throws {
  try withTemporaryDirectory { folder in
    try writeRandomNetworks(in: folder + "/networks")
    try write(29, seed: 1, to: folder + "/samples.npz")
    try write(37, seed: 2, to: folder + "/reference.npz")
    try write(37, seed: 3, to: folder + "/reconstructions.npz")
    try writeStatistics(in: folder)
    let shared = try run(folder, EvaluationContext(communicator: ranks, threadCount: 1))
    let alone = try run(folder, EvaluationContext(communicator: .single(), threadCount: 1))
    guard ranks.rank == 0 else { return try require(shared == nil, "two ranks have figures") }
    try require(shared?.figures.isEmpty == false, "there are no figures")
    try require(
      shared == alone, "\(String(describing: shared)), on one rank \(String(describing: alone))")
  }
}

/// Writes statistics alone, and in one file with the images that neighbours are looked for among.
private func writeStatistics(in folder: String) throws {
  _ = try StatisticsEvaluation(
    images: [folder + "/reconstructions.npz"],
    inception: folder + "/networks/inception.safetensors", size: nil,
    output: folder + "/statistics.npz"
  ).run(EvaluationContext(communicator: .single(), threadCount: 1))
  let statistics = try NumPyArchive(contentsOf: folder + "/statistics.npz")
  let images = try NumPyArchive(contentsOf: folder + "/reference.npz").array("arr_0")
  try NumPyArchive.write(
    [("arr_0", images)]
      + ["mu", "sigma", "mu_s", "sigma_s"].map { ($0, try statistics.array($0)) },
    to: folder + "/batch.npz")
}

/// Writes made-up images of 33x35 pixels.
private func write(_ count: Int, seed: Int, to path: String) throws {
  let pixels = (0..<count * 33 * 35 * 3).map { index in
    UInt8(truncatingIfNeeded: (index / 7 &* (index % 11 + seed)) ^ (index / 3465 &* 37))
  }
  try NumPyArchive.write([("arr_0", NumPyArray(pixels, shape: [count, 33, 35, 3]))], to: path)
}
