import HierarchicalGenerator
import ResidualTokenizer

/// The training of the published models, for configurations that are made of their weights.
///
/// The numbers are those of `Configs/tokenizer/restok-l-256-released.yaml` and `Configs/generator/har-l.yaml`;
/// the paths of data have to be set before a training goes on, and files for the losses that are to be on.
enum PublishedTraining {
  /// The text of a tokenizer's configuration.
  static func text(
    of model: ResTok.Configuration, _ losses: TokenizerRunConfiguration.Losses
  ) -> String {
    """
    kind: tokenizer
    data:
      train: data/imagenet/train
      evaluation: data/imagenet/evaluation
      augment: {crop: [0.8, 1.0], flip: true}
    losses:
    \(TokenizerRunConfiguration.Losses.codec.write(losses).yaml(indentation: "  "))
    optimizer: {rate: 1.0e-4, betas: [0.9, 0.95], epsilon: 1.0e-8, weight_decay: 1.0e-4, clip: 10}
    steps: 1000000
    \(shared)
    model:
    \(ResTok.Configuration.codec.write(model).yaml(indentation: "  "))
    """
  }

  /// The text of a generator's configuration.
  static func text(of model: Generator.Configuration) -> String {
    """
    kind: generator
    tokenizer: runs/restok-l-256
    data:
      codes: data/imagenet/codes.h5
    optimizer: {rate: 1.0e-4, betas: [0.9, 0.95], epsilon: 1.0e-8, weight_decay: 0.05, clip: 1}
    steps: 1500000
    \(shared)
    model:
    \(Generator.Configuration.codec.write(model).yaml(indentation: "  "))
    """
  }

  private static let shared = """
    run: {name: published, output: runs, seed: 10086}
    batch: {lanes: 8, per_lane: 32}
    schedule: {kind: cosine, warmup: 5000, end_rate: 1.0e-5}
    ema: {decay: 0.9999}
    precision: bfloat16
    checkpoint: {every: 5000, keep: 3}
    log: {every: 50, images_every: 5000}
    evaluate: {every: 50000}
    """
}
