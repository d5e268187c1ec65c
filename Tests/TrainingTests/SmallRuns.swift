import ArrayFiles
import Autodiff
import Checkpoints
import Configurations
import DataParallel
import Foundation
import HierarchicalGenerator
import Inference
import MessagePassing
import ResidualTokenizer
import Tensors
import Training

/// The models of `Configs/smoke` with fresh weights, in one folder: files to import and to train.
struct SmallRuns {
  let folder: String

  /// The folder of the configurations.
  static let configurations = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Configs/smoke").path

  /// A session of one rank.
  static var session: TrainingSession {
    TrainingSession(
      communicator: .single(), stopSignal: StopSignal.install(), resume: .automatic)
  }

  /// The tokenizer's configuration, with one thread and its runs in the folder.
  func tokenizer(_ overrides: [String] = []) throws -> TokenizerRunConfiguration {
    try TokenizerRunConfiguration(
      contentsOf: Self.configurations + "/tokenizer.yaml",
      overrides: ["run.output=\(folder)", "threads=1"] + overrides)
  }

  /// The generator's configuration, with one thread and its runs in the folder.
  func generator(_ overrides: [String] = []) throws -> GeneratorRunConfiguration {
    try GeneratorRunConfiguration(
      contentsOf: Self.configurations + "/generator.yaml",
      overrides: ["run.output=\(folder)", "threads=1"] + overrides)
  }

  /// Writes a configuration and its model's fresh weights; normal ones of a standard deviation, if it is
  /// given, so that different images give different ones.
  func write(
    _ kind: RunKind, seed: UInt64 = 3, standardDeviation: Float? = nil
  ) throws -> (weights: String, configuration: String) {
    let paths = (folder + "/\(kind).safetensors", folder + "/\(kind).yaml")
    let arena = ParameterArena()
    let text: String
    let modelDigest: UInt64
    switch kind {
    case .tokenizer:
      let configuration = try tokenizer()
      _ = ResTok(configuration.model, in: ParameterScope(arena))
      (text, modelDigest) = (configuration.yaml, configuration.modelDigest)
    case .generator:
      let configuration = try generator()
      _ = Generator(configuration.model, in: ParameterScope(arena))
      (text, modelDigest) = (configuration.yaml, configuration.modelDigest)
    }
    arena.allocate(forTraining: false)
    arena.initialize(seed: seed)
    if let standardDeviation {
      arena.values.fillNormal(
        standardDeviation: standardDeviation, key: RandomKey(seed: seed, purpose: .test))
    }
    try PublishedWeights.write(
      arena.values, layouts: ParameterLayout.layouts(of: arena),
      metadata: ["kind": kind.rawValue, "model_digest": hexadecimal(modelDigest)], to: paths.0)
    try AtomicFile.write(Array(text.utf8), to: paths.1)
    return paths
  }

  /// Imports a model with fresh weights.
  ///
  /// - Returns: The run directory.
  func imported(_ kind: RunKind, standardDeviation: Float? = nil) throws -> String {
    let (weights, configuration) = try write(kind, standardDeviation: standardDeviation)
    let run = folder + "/imported \(kind)"
    _ = try WeightImport.read(weights, configurationPath: configuration, to: run)
    return run
  }
}
