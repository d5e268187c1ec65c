import Configurations
import Foundation

/// Texts that the tests vary: one line replaced, added or removed.
enum ConfigurationTexts {
  static let tokenizer = """
    kind: tokenizer
    run: {name: example, output: runs, seed: 7}
    model:
      image_size: 32
      cnn: {width: 16, multipliers: [1, 2, 2], blocks: 2, groups: 8, features: 32}
      encoder: {width: 96, layers: 4, heads: 3}
      decoder: {width: 96, layers: 4, heads: 3}
      scales: {count: 2, merge: average, residual: true}
      latents: {count: 16, residual: true, per_level_projection: true, layout: token}
      codebook: {size: 256, width: 8, commitment: 0.25, entropy: {weight: 0.1, temperature: 0.1}, revive: false}
      nested_dropout: {least: 4, probability: 0.2}
      rope_base: 10000
    data: {train: data/train, evaluation: data/evaluation}
    batch: {lanes: 8, per_lane: 4}
    losses:
      reconstruction: {kind: l2, weight: 1}
    optimizer: {rate: 1.0e-3, betas: [0.9, 0.95], epsilon: 1.0e-8, weight_decay: 1.0e-4, clip: 1}
    schedule: {kind: cosine, warmup: 50, end_rate: 5.0e-5}
    ema: {decay: 0.9999}
    steps: 1000
    precision: float32
    checkpoint: {every: 250, keep: 3}
    log: {every: 20, images_every: 250}

    """

  static let generator = """
    kind: generator
    run: {name: example, output: runs, seed: 7}
    model: {tokens: 16, vocabulary: 256, classes: 10, width: 128, layers: 4, heads: 4, hidden_multiple: 32, order: hierarchical, single_tokens: 4,
            dropout: 0.1, token_dropout: 0.1, class_dropout: 0.1, rope_base: 10000}
    tokenizer: runs/tokenizer
    data: {codes: data/codes.h5}
    batch: {lanes: 8, per_lane: 4}
    optimizer: {rate: 1.0e-3, betas: [0.9, 0.95], epsilon: 1.0e-8, weight_decay: 0.05, clip: 1}
    schedule: {kind: cosine, warmup: 50, end_rate: 5.0e-5}
    ema: {decay: 0.9999}
    steps: 1000
    precision: bfloat16
    checkpoint: {every: 250, keep: 3}
    log: {every: 20, images_every: 250}

    """

  /// The problems of the tokenizer's text after a replacement, as they are printed.
  static func tokenizerProblems(
    replacing old: String = "", with new: String = "", overrides: [String] = []
  ) -> [String] {
    problems {
      _ = try TokenizerRunConfiguration(
        yaml: tokenizer.replacingOccurrences(of: old, with: new), overrides: overrides)
    }
  }

  /// The problems of the generator's text after a replacement, as they are printed.
  static func generatorProblems(
    replacing old: String = "", with new: String = "", overrides: [String] = []
  ) -> [String] {
    problems {
      _ = try GeneratorRunConfiguration(
        yaml: generator.replacingOccurrences(of: old, with: new), overrides: overrides)
    }
  }

  /// The problems that reading a configuration meets, as they are printed.
  static func problems(_ body: () throws -> Void) -> [String] {
    do {
      try body()
      return []
    } catch let error as ConfigurationError {
      return error.problems.map(\.description)
    } catch {
      return ["not a ConfigurationError: \(error)"]
    }
  }
}
