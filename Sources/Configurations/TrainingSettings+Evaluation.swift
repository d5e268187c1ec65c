extension TrainingSettings {
  /// The `evaluate` section: scores on held-out data during training.
  ///
  /// Source: Docs/Training.md, section 4.
  public struct Evaluation: Sendable, Equatable {
    /// Which weights are scored.
    public enum Weights: String, Sendable, CaseIterable {
      /// Their moving average.
      case ema
      /// The weights as they are trained.
      case model
      /// One after the other.
      case both
    }

    /// Key `every`: steps from one evaluation to the next; 0 (the default) for one at the end only.
    public var interval = 0
    /// Key `weights`: which weights are scored; default `ema`.
    public var weights = Weights.ema
    /// What is scored of a tokenizer.
    public var reconstruction = Reconstruction()
    /// What is scored of a generator.
    public var generation = Generation()

    /// The scores of a tokenizer's reconstructions.
    public struct Reconstruction: Sendable, Equatable {
      /// The scores.
      public enum Metric: String, Sendable, CaseIterable {
        /// The peak signal-to-noise ratio.
        case psnr
        /// Structural similarity.
        case ssim
        /// The same at five scales.
        case multiScale = "ms_ssim"
        /// LPIPS, through the network of `lpips`.
        case lpips
        /// The distance of the two sets, through `inception`.
        case rfid
        /// The Inception Score of reconstructions, through `inception`.
        case inceptionScore = "is"
      }

      /// Key `metrics`: what is computed beside the use of the codebook; default `[psnr]`.
      public var metrics = [Metric.psnr]
      /// Key `lpips`: the files of LPIPS; nil (`none`, the default) without.
      public var lpips: LPIPS?
      /// Key `inception`: the file of Inception-v3; nil (`none`, the default) without.
      public var inception: String?
    }

    /// The `lpips` section.
    public struct LPIPS: Sendable, Equatable {
      /// AlexNet or VGG-16 in torchvision's naming.
      public var network: String
      /// The weights of its taps.
      public var linear: String
    }

    /// The scores of a generator.
    public struct Generation: Sendable, Equatable {
      /// The scores.
      public enum Metric: String, Sendable, CaseIterable {
        /// Loss and accuracy on held-out codes, where there are any.
        case loss
        /// The distance of samples from `reference`, through `inception`.
        case fid
        /// The Inception Score of samples, through `inception`.
        case inceptionScore = "is"
      }

      /// Key `metrics`: what is computed; default `[loss]`.
      public var metrics = [Metric.loss]
      /// Key `samples`: images that are sampled for `fid` and `is`; default 5000.
      public var sampleCount = 5000
      /// Key `guidance`: constant strength of their classifier-free guidance; 1 (the default) is none.
      public var guidance = 1.0
      /// Key `inception`: the file of Inception-v3; nil (`none`, the default) without.
      public var inception: String?
      /// Key `reference`: an `.npz` file with the statistics of real images; nil (`none`, the default) without.
      public var reference: String?

      /// Whether images are sampled.
      public var samplesImages: Bool { metrics.contains { $0 != .loss } }
    }
  }
}

extension TrainingSettings.Evaluation {
  private static let inceptionText = "a weights file of Inception-v3"

  /// The keys that tokenizers have.
  static var reconstructionFields: [Field<Self>] {
    let standard = Reconstruction()
    let lpips: Codec<LPIPS> = .section(
      LPIPS(network: "", linear: ""),
      [
        Field("network", \.network, .text("a weights file of AlexNet or VGG-16")),
        Field("linear", \.linear, .text("a weights file of LPIPS's linear layers for it")),
      ])
    return [
      Field("metrics", \.reconstruction.metrics, .list(.choice()), default: standard.metrics),
      Field(
        "lpips", \.reconstruction.lpips, .optional(lpips, none: "none"), default: .some(nil)),
      Field(
        "inception", \.reconstruction.inception, .optional(.text(inceptionText), none: "none"),
        default: .some(nil)),
    ]
  }

  /// The keys that generators have.
  static var generationFields: [Field<Self>] {
    let standard = Generation()
    return [
      Field("metrics", \.generation.metrics, .list(.choice()), default: standard.metrics),
      Field(
        "samples", \.generation.sampleCount, .integer(in: 2...1_000_000),
        default: standard.sampleCount),
      Field(
        "guidance", \.generation.guidance, .number(.notNegative), default: standard.guidance),
      Field(
        "inception", \.generation.inception, .optional(.text(inceptionText), none: "none"),
        default: .some(nil)),
      Field(
        "reference", \.generation.reference,
        .optional(.text("an .npz file of statistics"), none: "none"), default: .some(nil)),
    ]
  }
}
