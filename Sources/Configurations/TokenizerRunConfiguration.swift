public import Checkpoints
public import Datasets
public import ResidualTokenizer

/// Everything that a training run of the tokenizer is told: a file of `kind: tokenizer`.
public struct TokenizerRunConfiguration: RunConfiguration {
  /// What both kinds of run are told.
  public var training: TrainingSettings
  /// The model, with the projections that an alignment needs.
  public var model: ResTok.Configuration
  /// The losses beside those of the quantizer.
  public var losses: Losses
  /// Blocks of a foundation model that the encoder begins with; nil (`none`, the default) without.
  public var encoderInitialization: EncoderInitialization?
  /// The images.
  public var data: ImageData

  /// The `data` section.
  public struct ImageData: Sendable, Equatable {
    /// Shards to train on: a directory with a manifest.
    public var train: String
    /// Shards to evaluate on.
    public var evaluation: String
    /// Random changes to a training image; default `none`.
    public var augmentation: Augmentation
    /// Key `on_error`: what to do about an image that cannot be decoded; default `stop`.
    public var errorPolicy: ErrorPolicy
  }

  /// What to do about an image that cannot be decoded.
  public enum ErrorPolicy: String, Sendable, CaseIterable {
    /// End the run.
    case stop
    /// Take another image, chosen deterministically, and count it.
    case skip
  }

  /// The word after `kind:`.
  public static let kind = RunKind.tokenizer

  /// The keys.
  public static var schema: RunSchema<Self> {
    let training = TrainingFields<Self>(settings: \.training)
    return RunSchema(
      .section(
        Self(training: .blank, model: .blank, losses: .blank, data: .blank),
        retired: retiredKeys,
        [
          kind.field(), training.run, Field("model", \.model, ResTok.Configuration.codec),
          Field("data", \.data, ImageData.codec), training.batch,
          Field("losses", \.losses, Losses.codec),
        ] + training.optimization
          + training.reporting(
            ofCodebook: true, scores: TrainingSettings.Evaluation.reconstructionFields)
          + training.execution
          + [encoderInitializationField])
    ) { configuration in
      configuration.model.alignmentWidth = configuration.losses.alignment?.width ?? 0
    } check: { configuration, checker in
      checker.check(encoderInitializationOf: configuration)
      checker.checkRun(configuration.training)
      checker.check(configuration.model)
      checker.check(configuration.losses, in: configuration)
      checker.check(configuration.training.evaluation.reconstruction)
    }
  }
}

extension TokenizerRunConfiguration.ImageData {
  fileprivate static let blank = Self(
    train: "", evaluation: "", augmentation: .none, errorPolicy: .stop)

  fileprivate static var codec: Codec<Self> {
    .section(
      blank,
      [
        Field("train", \.train, .text("the directory of the training shards")),
        Field("evaluation", \.evaluation, .text("the directory of the evaluation shards")),
        Field("augment", \.augmentation, .augmentation, default: Augmentation.none),
        Field("on_error", \.errorPolicy, .choice(), default: .stop),
      ])
  }
}

extension Codec where Value == Augmentation {
  /// The word none, or a section with the range of the crop (or none), its kind, and whether to mirror.
  fileprivate static var augmentation: Codec {
    let section: Codec<Augmentation> = .section(
      .none,
      [
        Field("crop", \.crop, .optional(.cropRange, none: "none")),
        Field("kind", \.kind, .choice(), default: .adm),
        Field("flip", \.flip, .boolean),
      ])
    let optional: Codec<Augmentation?> = .optional(section, none: "none")
    return Codec(
      expectation: optional.expectation, keys: optional.keys,
      read: { tree, path, problems in
        optional.read(tree, path, problems).map { $0 ?? Augmentation.none }
      },
      write: { optional.write($0 == .none ? nil : $0) })
  }
}

extension Codec where Value == ClosedRange<Double> {
  /// The least and the greatest part of the short side or of the area that a crop covers.
  fileprivate static var cropRange: Codec {
    let number: Codec<Double> = .number(.upToOne)
    return .leaf(
      "a list of two numbers from 0.01 to 1, the smaller one first",
      parse: { tree in
        guard case .sequence(let elements) = tree.content, elements.count == 2 else { return nil }
        let trial = ProblemCollector(knownPaths: [])
        let bounds = elements.compactMap { number.read($0, "", trial) }
        return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : nil
      },
      write: { .sequence([number.write($0.lowerBound), number.write($0.upperBound)]) })
  }
}
