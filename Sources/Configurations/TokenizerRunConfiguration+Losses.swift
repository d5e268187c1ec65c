package import FeatureNetworks

extension TokenizerRunConfiguration {
  /// The `losses` section; what is nil is off.
  ///
  /// Source: Docs/Training.md, section 1; Docs/Networks.md; Docs/Discriminators.md.
  public struct Losses: Sendable, Equatable {
    /// The comparison of pixels.
    public var reconstruction: Reconstruction
    /// The comparison through classifiers.
    public var perceptual: Perceptual?
    /// The discriminator.
    public var adversarial: Adversarial?
    /// The alignment with a foundation model.
    public var alignment: Alignment?

    /// The losses that are on: those whose files are named, and that have a weight.
    package var named: Losses {
      var losses = self
      if let lpips = losses.perceptual?.lpips, lpips.network == nil || lpips.linear == nil {
        losses.perceptual?.lpips = nil
      }
      if let convNeXt = losses.perceptual?.convNeXt, convNeXt.network == nil {
        losses.perceptual?.convNeXt = nil
      }
      if losses.perceptual?.lpips == nil, losses.perceptual?.convNeXt == nil {
        losses.perceptual = nil
      }
      if losses.adversarial?.isNamed == false { losses.adversarial = nil }
      if let alignment = losses.alignment, alignment.file == nil || !alignment.isWeighted {
        losses.alignment = nil
      }
      return losses
    }

    /// The published losses, without files.
    ///
    /// - Parameter alignmentWidth: Width of the foundation model's features.
    /// - Returns: The losses.
    package static func published(alignmentWidth: Int) -> Losses {
      let part = Alignment.Part(weight: 1, margin: 0.25)
      return Losses(
        reconstruction: .init(kind: .l2, weight: 1),
        perceptual: Perceptual(weight: 1, lpips: .init(weight: 1)),
        adversarial: Adversarial(
          discriminator: .dino, inputSize: 224, weight: 0.5, leCamWeight: 0.001,
          leCamDecay: 0.999, start: 20_000, rate: 1e-4),
        alignment: Alignment(
          network: .dinov3, width: alignmentWidth, encoder: part, decoder: part))
    }
  }

  /// The `losses.reconstruction` section.
  public struct Reconstruction: Sendable, Equatable {
    /// How pixels are compared.
    public enum Kind: String, Sendable, CaseIterable {
      /// The mean squared difference.
      case l2
      /// The mean absolute difference.
      case l1
    }

    /// How pixels are compared.
    public var kind: Kind
    /// The factor.
    public var weight: Float
  }

  /// The `losses.perceptual` section: the mean of its parts by their weights, times a factor.
  public struct Perceptual: Sendable, Equatable {
    /// The factor of the whole.
    public var weight: Float
    /// LPIPS through VGG-16.
    public var lpips: LPIPS?
    /// Key `convnext_s`: the logits of ConvNeXt-S.
    public var convNeXt: Classifier?

    /// The `lpips` section.
    public struct LPIPS: Sendable, Equatable {
      /// The share among the parts.
      public var weight: Float
      /// VGG-16 in torchvision's naming; nil switches the part off.
      public var network: String?
      /// The weights of its taps; nil switches the part off.
      public var linear: String?
    }

    /// The `convnext_s` section.
    public struct Classifier: Sendable, Equatable {
      /// The share among the parts.
      public var weight: Float
      /// ConvNeXt-S in torchvision's naming; nil switches the part off.
      public var network: String?
    }
  }

  /// The `losses.adversarial` section.
  public struct Adversarial: Sendable, Equatable {
    /// The discriminators.
    public enum Architecture: String, Sendable, CaseIterable {
      /// Looks through a frozen DINO.
      case dino
      /// DiscriminatorTrainings patches of images as they are.
      case patchgan
    }

    /// Which discriminator.
    public var discriminator: Architecture
    /// DINO ViT-S/16; with `dino`, nil switches the loss off.
    public var backbone: String?
    /// Height and width of what DINO sees.
    public var inputSize: Int
    /// The factor of the loss of what makes reconstructions.
    public var weight: Float
    /// The factor of the LeCam penalty in the discriminator's loss.
    public var leCamWeight: Float
    /// How much of LeCam's running means stays in a step.
    public var leCamDecay: Double
    /// The step in which the discriminator is trained and heard for the first time.
    public var start: Int
    /// The discriminator's base learning rate.
    public var rate: Double

    /// Whether everything that the discriminator needs is named: `dino` needs a file.
    package var isNamed: Bool { discriminator == .patchgan || backbone != nil }
  }

  /// The `losses.alignment` section.
  public struct Alignment: Sendable, Equatable {
    /// The foundation models.
    public enum Architecture: String, Sendable, CaseIterable {
      case dinov3, dinov2, mae, clip, siglip2

      /// The same among all vision transformers.
      package var network: VisionTransformerArchitecture {
        switch self {
        case .dinov3: .dinov3
        case .dinov2: .dinov2
        case .mae: .mae
        case .clip: .clip
        case .siglip2: .siglip2
        }
      }
    }

    /// One of the two aligned features.
    public struct Part: Sendable, Equatable {
      /// The factor; 0 switches the part off.
      public var weight: Float
      /// Cosines above 1 minus this cost nothing.
      public var margin: Float
    }

    /// Which foundation model.
    public var network: Architecture
    /// Its weights in timm's naming; nil switches the loss off, and its projections stay in the model.
    public var file: String?
    /// Its width: that of the model's projections.
    public var width: Int
    /// The mean of the encoder's coarsest image tokens with the class feature.
    public var encoder: Part
    /// The cells of the decoder's second pass with the patch features.
    public var decoder: Part

    /// Whether either part counts.
    public var isWeighted: Bool { encoder.weight > 0 || decoder.weight > 0 }
  }
}
