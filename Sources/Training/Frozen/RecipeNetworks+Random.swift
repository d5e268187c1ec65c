package import Configurations
import Discriminators
package import FeatureNetworks
package import ResidualTokenizer
import Tensors

extension RecipeNetworks {
  /// Networks of the published sizes with random weights, for every loss of a configuration, whether it
  /// names their files or not: for measurements.
  ///
  /// - Parameters:
  ///   - seed: What the weights are drawn with.
  ///   - configuration: Its losses say which networks there are.
  /// - Throws: `ConfigurationError` when no foundation model has patches as large as the decoder's cells.
  package init(
    randomFrom seed: UInt64, for configuration: TokenizerRunConfiguration
  ) throws(ConfigurationError) {
    self.init()
    let (losses, operandType) = (configuration.losses, configuration.training.precision.operandType)
    if losses.perceptual?.lpips != nil {
      let network = FrozenNetwork(seed: seed, operandType: operandType) {
        PerceptualNetwork(.vgg16, in: $0)
      }
      let weights = FrozenNetwork(seed: seed, operandType: operandType) {
        PerceptualWeights(widths: network.network.widths, in: $0)
      }
      lpips = PerceptualDistance(network: network, weights: weights)
    }
    if losses.perceptual?.convNeXt != nil {
      convNeXt = FrozenNetwork(seed: seed, operandType: operandType) { ConvNeXt(.init(), in: $0) }
    }
    if let adversarial = losses.adversarial, adversarial.discriminator == .dino {
      let sizes = VisionTransformer.Configuration(seenAt: adversarial.inputSize)
      let late = LateNetwork(path: nil) {
        FrozenNetwork(seed: seed, operandType: operandType) { VisionTransformer(sizes, in: $0) }
      }
      backbone = Backbone(late, sizes: sizes, heads: DinoHeads.Configuration(width: sizes.width))
    }
    if let alignment = losses.alignment {
      let sizes = try VisionTransformer.Configuration(alignment, for: configuration.model)
      foundation = FrozenNetwork(seed: seed, operandType: operandType) {
        VisionTransformer(sizes, in: $0)
      }
    }
  }
}

extension VisionTransformer.Configuration {
  /// The published DINO ViT-S/16 with the positions that an input of some size needs; with patches of 8
  /// where 16 does not divide it.
  package init(seenAt inputSize: Int) {
    let patchSize = inputSize % 16 == 0 ? 16 : 8
    self.init(.dino, patchSize: patchSize, positionGridSize: inputSize / patchSize)
    self.inputSize = inputSize
  }

  /// The foundation model of the published sizes that an alignment means by its width, with patches as large
  /// as the decoder's cells.
  ///
  /// - Throws: `ConfigurationError` when there is no such size of a patch.
  package init(
    _ alignment: TokenizerRunConfiguration.Alignment, for model: ResTok.Configuration
  ) throws(ConfigurationError) {
    let architecture = alignment.network.network
    let size = architecture.inputSize ?? model.imageSize
    guard size % model.gridSize == 0 else {
      throw ConfigurationError(
        file: "configuration",
        problems: [
          .init(
            path: "losses.alignment.network", origin: .unknown,
            message:
              "\(alignment.network.rawValue) sees images of \(size) pixels, which cannot be cut into "
              + "the \(model.gridSize)x\(model.gridSize) cells of the decoder: take another network"
          )
        ])
    }
    self.init(
      architecture, width: alignment.width, blockCount: alignment.width < 1024 ? 12 : nil,
      headCount: alignment.width / 64, patchSize: size / model.gridSize)
  }
}
