/// The published vision transformers that features are read from.
///
/// What a file's shapes do not tell. Source: Docs/Networks.md, section 3.
public enum VisionTransformerArchitecture: String, Sendable, CaseIterable {
  /// DINO (Caron et al. 2021), as the discriminator reads it.
  case dino
  /// DINOv3 (Siméoni et al. 2025).
  case dinov3
  /// DINOv2 (Oquab et al. 2023).
  case dinov2
  /// Masked autoencoder (He et al. 2021).
  case mae
  /// CLIP (Radford et al. 2021).
  case clip
  /// SigLIP 2 (Tschannen et al. 2025).
  case siglip2

  /// What images are normalised by.
  public var normalization: ImageNormalization {
    switch self {
    case .dino, .dinov3, .dinov2, .mae: .imageNet
    case .clip: .clip
    case .siglip2: .symmetric
    }
  }

  /// Height and width that images are resized to; nil where they are taken as they are.
  public var inputSize: Int? {
    switch self {
    case .dino, .dinov2, .clip: 224
    case .dinov3, .mae, .siglip2: nil
    }
  }

  /// Added to the variance by every norm.
  public var epsilon: Float {
    switch self {
    case .dinov3, .clip: 1e-5
    case .dino, .dinov2, .mae, .siglip2: 1e-6
    }
  }

  /// Whether GELU has its tanh form.
  public var usesTanhGELU: Bool { self == .dino }

  /// Whether positions are learned; else they turn queries and keys.
  var hasLearnedPositions: Bool { self != .dinov3 }

  /// Whether there is a class token; else the class feature is the mean of the patches.
  var hasClassToken: Bool { self != .siglip2 }

  /// Whether the projection of patches has a bias.
  var hasPatchBias: Bool { self != .clip }

  /// Whether a norm stands before the first block.
  var hasInputNorm: Bool { self == .clip }

  /// Whether q, k and v have biases in one vector.
  var hasPackedBias: Bool { self != .dinov3 }

  /// Published names of the LayerScale factors; nil without them.
  var layerScaleNames: [String]? {
    switch self {
    case .dinov3: ["gamma_1", "gamma_2"]
    case .dinov2: ["ls1.gamma", "ls2.gamma"]
    case .dino, .mae, .clip, .siglip2: nil
    }
  }

  /// The sizes of the network that is published under this name and used by default.
  var publishedSizes: (width: Int, blockCount: Int, patchSize: Int) {
    switch self {
    case .dino: (384, 12, 16)
    case .dinov3, .mae, .siglip2: (1024, 24, 16)
    case .dinov2, .clip: (1024, 24, 14)
    }
  }

  /// Rows and columns of the published grid of learned positions; nil without one.
  var publishedPositionGridSize: Int? {
    switch self {
    case .dino, .mae: 14
    case .dinov2: 37
    case .clip, .siglip2: 16
    case .dinov3: nil
    }
  }

  /// Registers of the published network.
  var publishedRegisterCount: Int { self == .dinov3 ? 4 : 0 }

  /// Channels of a head, the same in every published network.
  static let headSize = 64

  /// Whether a tensor of a file is no part of the features: heads, poolings and training tokens.
  static func isIgnored(_ name: String) -> Bool {
    name == "mask_token" || ["head.", "attn_pool.", "fc_norm."].contains { name.hasPrefix($0) }
  }
}
