import Configurations
package import Discriminators
package import FeatureNetworks
import Tensors

/// The frozen networks that the losses of a configuration look through.
///
/// They are no part of a run's networks, checkpoints and digests; the digests of their files are pins.
package struct RecipeNetworks {
  /// What the discriminator looks through.
  package struct Backbone {
    /// The frozen network, loaded when the discriminator begins.
    package let network: LateNetwork<VisionTransformer>
    /// Its sizes.
    package let sizes: VisionTransformer.Configuration
    /// The heads' sizes.
    package let heads: DinoHeads.Configuration

    /// Gathers what a discriminator is made of.
    package init(
      _ network: LateNetwork<VisionTransformer>, sizes: VisionTransformer.Configuration,
      heads: DinoHeads.Configuration
    ) {
      self.network = network
      self.sizes = sizes
      self.heads = heads
    }
  }

  /// A file that a network came from.
  package struct File: Sendable, Equatable {
    /// The key that names it.
    package let key: String
    /// Its path.
    package let path: String
    /// The digest of its content.
    package let digest: String
  }

  /// LPIPS.
  package var lpips: PerceptualDistance?
  /// The classifier of the logit loss.
  package var convNeXt: FrozenNetwork<ConvNeXt>?
  /// What the discriminator looks through.
  package var backbone: Backbone?
  /// The sizes of the discriminator of patches.
  package var patches = PatchDiscriminator.Configuration()
  /// The foundation model.
  package var foundation: FrozenNetwork<VisionTransformer>?
  /// The files that they came from.
  package var files: [File] = []

  /// No networks; those that are meant are set.
  package init() {}
}
