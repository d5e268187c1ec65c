public import ResidualTokenizer

/// Everything that a training run of the tokenizer is told: a file of `kind: tokenizer`.
public struct TokenizerRunConfiguration: RunConfiguration {
  /// What both kinds of run are told.
  public var training: TrainingSettings
  /// The model.
  public var model: ResTok.Configuration
  /// The images.
  public var data: ImageData
  /// The losses beside those of the quantizer.
  public var losses: Losses

  /// The `data` section.
  public struct ImageData: Sendable, Equatable {
    /// Shards to train on: a directory with a manifest.
    public var train: String
    /// Shards to evaluate on.
    public var evaluation: String
    /// Random changes to a training image; nil (`none`, the default) for none.
    public var augmentation: Augmentation?
    /// Key `on_error`: what to do about an image that cannot be decoded; default `stop`.
    public var errorPolicy: ErrorPolicy
  }

  /// Random changes to a training image (training.md, section 3).
  public struct Augmentation: Sendable, Equatable {
    /// The smallest share of the resized image's side that a crop takes.
    public var smallestCrop: Double
    /// The largest share.
    public var largestCrop: Double
    /// Whether half of the images are mirrored.
    public var isFlipped: Bool
  }

  /// What to do about an image that cannot be decoded.
  public enum ErrorPolicy: String, Sendable, CaseIterable {
    /// End the run.
    case stop
    /// Take another image, chosen deterministically, and count it.
    case skip
  }

  /// The `losses` section.
  public struct Losses: Sendable, Equatable {
    /// How the reconstruction is compared with the image.
    public var reconstructionKind: ReconstructionKind
    /// The factor of the comparison.
    public var reconstructionWeight: Float

    /// The kinds of comparison.
    public enum ReconstructionKind: String, Sendable, CaseIterable {
      /// The mean squared difference.
      case l2
    }
  }

  /// The word after `kind:`.
  public static let kind = RunKind.tokenizer

  /// The keys.
  public static var schema: RunSchema<Self> {
    let training = TrainingFields<Self>(settings: \.training)
    return RunSchema(
      .section(
        Self(training: .blank, model: .blank, data: .blank, losses: .blank),
        [
          kind.field(), training.run, Field("model", \.model, ResTok.Configuration.codec),
          Field("data", \.data, ImageData.codec), training.batch,
          Field("losses", \.losses, Losses.codec),
        ] + training.optimization + training.reporting + training.execution)
    ) { configuration, checker in
      checker.checkRun(configuration.training)
      checker.check(configuration.model)
      checker.check(configuration.data)
    }
  }
}

extension TokenizerRunConfiguration.ImageData {
  fileprivate static let blank = Self(
    train: "", evaluation: "", augmentation: nil, errorPolicy: .stop)

  fileprivate static var codec: Codec<Self> {
    typealias Augmentation = TokenizerRunConfiguration.Augmentation
    let augmentation: Codec<Augmentation> = .section(
      Augmentation(smallestCrop: 1, largestCrop: 1, isFlipped: false),
      [
        Field("crop", \.crop, .list(.number(.upToOne), count: 2)),
        Field("flip", \.isFlipped, .boolean),
      ])
    return .section(
      blank,
      [
        Field("train", \.train, .text("the directory of the training shards")),
        Field("evaluation", \.evaluation, .text("the directory of the evaluation shards")),
        Field(
          "augment", \.augmentation, .optional(augmentation, none: "none"), default: .some(nil)),
        Field("on_error", \.errorPolicy, .choice(), default: .stop),
      ])
  }
}

extension TokenizerRunConfiguration.Augmentation {
  /// The range of the crop, as the configuration lists it.
  fileprivate var crop: [Double] {
    get { [smallestCrop, largestCrop] }
    set { (smallestCrop, largestCrop) = (newValue[0], newValue[1]) }
  }
}

extension TokenizerRunConfiguration.Losses {
  fileprivate static let blank = Self(reconstructionKind: .l2, reconstructionWeight: 1)

  fileprivate static var codec: Codec<Self> {
    let later = { (name: String) in
      "the \(name) loss comes in a later version: remove the section; this version trains with "
        + "the reconstruction and the quantizer's losses"
    }
    return .section(
      blank,
      refused: [
        "perceptual": later("perceptual"), "adversarial": later("adversarial"),
        "alignment": later("alignment"),
      ],
      [
        Field(
          "reconstruction", \.self,
          .section(
            blank,
            [
              Field("kind", \.reconstructionKind, .choice()),
              Field("weight", \.reconstructionWeight, .number(.positive)),
            ]))
      ])
  }
}
