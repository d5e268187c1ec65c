extension ResTok {
  /// Sizes and options of a tokenizer: the `model` section of a tokenizer's configuration.
  ///
  /// The fields have no defaults, so that a configuration file says what runs.
  public struct Configuration: Sendable, Equatable {
    /// Height and width of an image in pixels.
    public var imageSize: Int
    /// The convolutional encoder and decoder.
    public var cnn: CNN
    /// The transformer encoder.
    public var encoder: Transformer
    /// The transformer decoder.
    public var decoder: Transformer
    /// The scales of image tokens in the encoder.
    public var scales: Scales
    /// The latent tokens.
    public var latents: Latents
    /// The vector quantizer.
    public var codebook: Codebook
    /// Prefix lengths kept in training.
    public var nestedDropout: NestedDropout
    /// Base of the rotary frequencies.
    public var ropeBase: Double
    /// Width of the features that alignment projects to; 0 without alignment.
    public var alignmentWidth: Int

    /// Creates a configuration from all its fields.
    public init(
      imageSize: Int, cnn: CNN, encoder: Transformer, decoder: Transformer, scales: Scales,
      latents: Latents, codebook: Codebook, nestedDropout: NestedDropout, ropeBase: Double,
      alignmentWidth: Int = 0
    ) {
      self.imageSize = imageSize
      self.cnn = cnn
      self.encoder = encoder
      self.decoder = decoder
      self.scales = scales
      self.latents = latents
      self.codebook = codebook
      self.nestedDropout = nestedDropout
      self.ropeBase = ropeBase
      self.alignmentWidth = alignmentWidth
    }

    /// Rows, and columns, of the feature grid between the CNN and the transformer.
    public var gridSize: Int { imageSize >> (cnn.multipliers.count - 1) }
  }
}

extension ResTok.Configuration {
  /// Sizes of the convolutional encoder and decoder (Docs/Method.md, section 2).
  public struct CNN: Sendable, Equatable {
    /// Channels of the first stage before its multiplier.
    public var width: Int
    /// Width multipliers of the stages; the image is halved between consecutive ones.
    public var multipliers: [Int]
    /// Residual blocks a stage.
    public var blockCount: Int
    /// Groups of every group normalisation.
    public var groupCount: Int
    /// Channels between the CNN and the transformer.
    public var featureCount: Int

    /// Creates the sizes from all fields.
    public init(
      width: Int, multipliers: [Int], blockCount: Int, groupCount: Int, featureCount: Int
    ) {
      self.width = width
      self.multipliers = multipliers
      self.blockCount = blockCount
      self.groupCount = groupCount
      self.featureCount = featureCount
    }
  }

  /// Sizes of a transformer.
  public struct Transformer: Sendable, Equatable {
    /// Channels of a token.
    public var width: Int
    /// Number of blocks.
    public var layerCount: Int
    /// Attention heads; they divide the width.
    public var headCount: Int

    /// Creates the sizes from all fields.
    public init(width: Int, layerCount: Int, headCount: Int) {
      self.width = width
      self.layerCount = layerCount
      self.headCount = headCount
    }
  }

  /// How the encoder forms coarser image scales (Docs/Method.md, section 3, step 5).
  public struct Scales: Sendable, Equatable {
    /// How a pair of neighbouring tokens becomes one.
    public enum Merge: String, Sendable, CaseIterable {
      /// The mean of the two: what the paper says.
      case average
      /// The first of the two: what the published weights do.
      case nearest
    }

    /// Number of scales in the end; `count - 1` blocks merge.
    public var count: Int
    /// The merging rule.
    public var merge: Merge
    /// Whether the finer scale keeps only what the coarser one does not say.
    public var isResidual: Bool

    /// Creates the options from all fields.
    public init(count: Int, merge: Merge, isResidual: Bool) {
      self.count = count
      self.merge = merge
      self.isResidual = isResidual
    }
  }

  /// The latent tokens (Docs/Method.md, section 3, steps 2 and 6).
  public struct Latents: Sendable, Equatable {
    /// How the normalised latents are laid out before their projection.
    public enum Layout: String, Sendable, CaseIterable {
      /// Each token is projected by itself, as the paper describes.
      case token
      /// The matrix is reinterpreted without transposing: what the published weights do.
      case legacy
    }

    /// Number of latent tokens: a power of two with a grid in `LevelStructure`.
    public var count: Int
    /// Whether each level pools what the coarser ones have left over.
    public var isResidual: Bool
    /// Whether each level has its own projections on both sides of the quantizer.
    public var hasPerLevelProjection: Bool
    /// The layout before the projection to codes.
    public var layout: Layout

    /// Creates the options from all fields.
    public init(count: Int, isResidual: Bool, hasPerLevelProjection: Bool, layout: Layout) {
      self.count = count
      self.isResidual = isResidual
      self.hasPerLevelProjection = hasPerLevelProjection
      self.layout = layout
    }
  }

  /// The vector quantizer (Docs/Method.md, section 4).
  public struct Codebook: Sendable, Equatable {
    /// The entropy loss, off at weight 0.
    public struct Entropy: Sendable, Equatable {
      /// Factor of the loss.
      public var weight: Float
      /// Temperature of the soft assignment.
      public var temperature: Float

      /// Creates the loss's factors.
      public init(weight: Float, temperature: Float) {
        self.weight = weight
        self.temperature = temperature
      }
    }

    /// Number of codes.
    public var size: Int
    /// Width of a code.
    public var width: Int
    /// Factor of the commitment loss.
    public var commitment: Float
    /// The entropy loss.
    public var entropy: Entropy
    /// Whether training puts codes that nothing uses back into use.
    public var revives: Bool
    /// Steps without use after which a code is put back.
    public var revivalStepCount: Int

    /// `revivalStepCount` where nothing else is said.
    public static let standardRevivalStepCount = 100

    /// Creates the options from all fields; without the last two no code is put back.
    public init(
      size: Int, width: Int, commitment: Float, entropy: Entropy, revives: Bool = false,
      revivalStepCount: Int = standardRevivalStepCount
    ) {
      self.size = size
      self.width = width
      self.commitment = commitment
      self.entropy = entropy
      self.revives = revives
      self.revivalStepCount = revivalStepCount
    }
  }

  /// Nested dropout of trailing latent tokens in training (Docs/Method.md, section 5, step 1).
  public struct NestedDropout: Sendable, Equatable {
    /// The shortest prefix kept.
    public var least: Int
    /// The chance of keeping fewer than all tokens, in (0, 1); 0 turns it off.
    public var probability: Double

    /// Creates the options from all fields.
    public init(least: Int, probability: Double) {
      self.least = least
      self.probability = probability
    }
  }
}
