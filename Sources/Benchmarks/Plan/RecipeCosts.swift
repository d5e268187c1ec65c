import Autodiff
import Configurations
import Discriminators
import FeatureNetworks
import ResidualTokenizer
import Tensors
import Training

/// What a part of a step costs by counting.
struct PartCost {
  /// The part's name.
  let name: String
  /// Its weights.
  let weightCount: Int
  /// Bytes of its weights where they are frozen; nil where they are trained.
  let frozenByteCount: Int?
  /// Operations for a sample in a step: all its passes, forward and backward.
  let operationCount: Int
}

/// What the losses of a tokenizer's step cost by counting, part by part.
///
/// A loss whose file is not named is off, as in a run; files that are named need not be there.
struct RecipeCosts {
  private let configuration: TokenizerRunConfiguration

  init(_ configuration: TokenizerRunConfiguration) {
    var configuration = configuration
    configuration.losses = configuration.losses.named
    self.configuration = configuration
  }

  private var size: Int { configuration.model.imageSize }

  private var operandType: ElementType { configuration.training.precision.operandType }

  /// The parts but for the tokenizer itself.
  ///
  /// - Throws: `ConfigurationError` when no foundation model suits the decoder.
  func parts() throws(ConfigurationError) -> [PartCost] {
    try perceptual + alignment() + adversarial
  }

  /// Frozen networks see the images and, for a gradient into them, the reconstructions: two forward passes
  /// and one back to the reconstructions.
  private var perceptual: [PartCost] {
    guard let perceptual = configuration.losses.perceptual else { return [] }
    var parts: [PartCost] = []
    if perceptual.lpips != nil {
      let arena = ParameterArena(frozenForOperandsOf: operandType)
      let network = PerceptualNetwork(.vgg16, in: ParameterScope(arena))
      _ = PerceptualWeights(widths: network.widths, in: ParameterScope(arena))
      parts.append(
        PartCost(
          name: "LPIPS, VGG-16", weightCount: arena.elementCount,
          frozenByteCount: arena.frozenByteCount,
          operationCount: 3 * network.forwardOperationCount(height: size, width: size)))
    }
    if perceptual.convNeXt != nil {
      let (arena, sizes) = (
        ParameterArena(frozenForOperandsOf: operandType), ConvNeXt.Configuration()
      )
      _ = ConvNeXt(sizes, in: ParameterScope(arena))
      parts.append(
        PartCost(
          name: "ConvNeXt-S", weightCount: arena.elementCount,
          frozenByteCount: arena.frozenByteCount,
          operationCount: 3 * sizes.forwardOperationCount))
    }
    return parts
  }

  /// The foundation model sees the images, and there is no way back.
  private func alignment() throws(ConfigurationError) -> [PartCost] {
    guard let alignment = configuration.losses.alignment else { return [] }
    let (arena, sizes) = (
      ParameterArena(frozenForOperandsOf: operandType),
      try VisionTransformer.Configuration(alignment, for: configuration.model)
    )
    _ = VisionTransformer(sizes, in: ParameterScope(arena))
    return [
      PartCost(
        name: "alignment, \(alignment.network.rawValue)", weightCount: arena.elementCount,
        frozenByteCount: arena.frozenByteCount,
        operationCount: sizes.forwardOperationCount(height: size, width: size))
    ]
  }

  /// Three passes: for the tokenizer's loss forward and back to the reconstructions, then of images and
  /// reconstructions for its own update, forward and back to its weights.
  private var adversarial: [PartCost] {
    guard let adversarial = configuration.losses.adversarial else { return [] }
    let arena = ParameterArena()
    let scope = ParameterScope(arena)
    switch adversarial.discriminator {
    case .patchgan:
      let sizes = PatchDiscriminator.Configuration()
      _ = PatchDiscriminator(sizes, in: scope)
      return [
        PartCost(
          name: "discriminator, patchgan", weightCount: arena.elementCount, frozenByteCount: nil,
          operationCount: 8 * sizes.forwardOperationCount(height: size, width: size))
      ]
    case .dino:
      let sizes = VisionTransformer.Configuration(seenAt: adversarial.inputSize)
      let heads = DinoHeads.Configuration(width: sizes.width)
      _ = DinoHeads(heads, in: scope, buffers: ParameterScope(ParameterArena()))
      let backbone = ParameterArena(frozenForOperandsOf: operandType)
      _ = VisionTransformer(sizes, in: ParameterScope(backbone))
      let grid = sizes.grid(height: adversarial.inputSize, width: adversarial.inputSize)
      let forward = heads.forwardOperationCount(positionCount: grid.rows * grid.columns)
      return [
        PartCost(
          name: "discriminator, backbone", weightCount: backbone.elementCount,
          frozenByteCount: backbone.frozenByteCount,
          operationCount: 4
            * sizes.forwardOperationCount(
              height: adversarial.inputSize, width: adversarial.inputSize)),
        PartCost(
          name: "discriminator, heads", weightCount: arena.elementCount, frozenByteCount: nil,
          operationCount: 8 * forward),
      ]
    }
  }
}
