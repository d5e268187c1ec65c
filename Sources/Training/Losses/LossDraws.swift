package import Discriminators
package import FeatureNetworks
import Tensors

/// What the losses of a lane draw at random.
package struct LossDraws {
  /// Shift and stretch of the images that LPIPS compares.
  package let jitter: PerceptualJitter
  /// What the discriminator over DINO sees in each pass; where there is none, it is drawn by the place.
  package let views: [DiscriminatorPass: DinoDiscriminator.Draws]

  /// Gathers draws that were made elsewhere.
  package init(jitter: PerceptualJitter, views: [DiscriminatorPass: DinoDiscriminator.Draws]) {
    self.jitter = jitter
    self.views = views
  }

  /// The draws of a lane, keyed by its place.
  init(seed: UInt64, at place: LanePlace) {
    jitter = PerceptualJitter(
      RandomKey(seed: seed, purpose: .perceptualJitter, step: place.step, index: place.lane))
    views = [:]
  }
}
