import Checkpoints
import Configurations
import Datasets
import Foundation
import TestSupport

// Manifests and configurations: JSON and YAML.

extension FuzzTarget {
  static let yaml = FuzzTarget("yaml") { _ in
    try ["quickstart/tokenizer", "quickstart/generator"].map {
      Array(try Repository.text(of: "Configs/\($0).yaml").utf8)
    }
  } parse: { bytes, _ in
    let text = String(decoding: bytes, as: UTF8.self)
    if text.contains("kind: generator") {
      try write(GeneratorRunConfiguration(yaml: text))
    } else {
      try write(TokenizerRunConfiguration(yaml: text))
    }
  }

  /// Writes a configuration that was read, and reads it again.
  private static func write(_ configuration: some RunConfiguration) throws {
    let again = try type(of: configuration).init(yaml: configuration.yaml)
    precondition(again == configuration, "a configuration reads as another one: \(again)")
    _ = configuration.digest
    _ = configuration.training.learningRates
  }

  /// `dataset.json` beside sound shards.
  static let dataset = FuzzTarget("dataset", prepare: SoundFiles.makeDataset) { folder in
    [try SoundFiles.bytes(of: folder + "/set/dataset.json")]
  } parse: { bytes, folder in
    try SoundFiles.overwrite(folder + "/set/dataset.json", bytes)
    let dataset = try ImageDataset(folder: folder + "/set")
    for index in [0, dataset.sampleCount / 2, dataset.sampleCount - 1] {
      _ = try dataset.image.evaluationImage(of: dataset.sample(at: index), size: 8)
    }
    _ = try DatasetInformation(of: dataset)
  }

  /// `manifest.json` of a checkpoint beside sound files.
  static let manifest = FuzzTarget("manifest", prepare: SoundFiles.makeCheckpoint) { folder in
    [try SoundFiles.bytes(of: SoundFiles.checkpoint(in: folder) + "/manifest.json")]
  } parse: { bytes, folder in
    let directory = SoundFiles.checkpoint(in: folder)
    try SoundFiles.overwrite(directory + "/manifest.json", bytes)
    try SoundFiles.readCheckpoint(directory)
  }
}
