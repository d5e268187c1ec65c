import Autodiff
import Configurations
import DataParallel
import Discriminators
import FeatureNetworks
import Optimizers

/// A discriminator in training: its network of the run, and what advances with the steps.
///
/// Source: Docs/Discriminators.md, section 4.
final class DiscriminatorTraining {
  /// The network that the run trains.
  let network: Network
  /// LeCam's running means, among the network's buffers.
  let leCam: LeCamState
  private let discriminator: Discriminator
  /// What the discriminator looks through; nil where it sees the images as they are.
  private let backbone: LateNetwork<VisionTransformer>?
  private let training: TrainingSettings
  /// The state of each pass of the present step.
  private var states: [DiscriminatorPass: SpectralState] = [:]

  /// Names the parameters and the state; nothing is allocated, and no frozen network loaded, before the
  /// network's first step.
  ///
  /// - Throws: `ArrayFileError` when the frozen network does not fit.
  init(
    _ adversarial: TokenizerRunConfiguration.Adversarial, _ networks: RecipeNetworks,
    _ training: TrainingSettings
  ) throws {
    self.training = training
    backbone = networks.backbone?.network
    network = Network(
      name: "discriminator", settings: Network.Settings(discriminator: adversarial, training))
    let (scope, buffers) = (ParameterScope(network.arena), ParameterScope(network.buffers))
    switch adversarial.discriminator {
    case .dino:
      guard let backbone = networks.backbone else {
        preconditionFailure("DiscriminatorTraining: dino without a frozen network")
      }
      discriminator = .dino(
        try DinoDiscriminator(
          backbone: backbone.network, sizes: backbone.sizes, inputSize: adversarial.inputSize,
          heads: backbone.heads,
          in: scope["discriminator"], buffers: buffers["discriminator"]))
    case .patchgan:
      discriminator = .patchgan(PatchDiscriminator(networks.patches, in: scope["discriminator"]))
    }
    leCam = LeCamState(decay: adversarial.leCamDecay, buffers: buffers)
  }

  /// Floating-point operations for a sample in a step that trains it: a pass for the tokenizer's loss, forward and
  /// back to the reconstructions, then images and reconstructions for its own update, forward and back to its weights.
  func operationCount(imageSize size: Int) -> Int {
    switch discriminator {
    case .dino(let dino): dino.stepOperationCount
    case .patchgan(let patches):
      8 * patches.configuration.forwardOperationCount(height: size, width: size)
    }
  }

  /// Prepares the pass over reconstructions for the loss of what made them; once a step, on every rank.
  ///
  /// - Throws: What loading the frozen network throws.
  func beginGeneratorPass(in step: Int) throws {
    guard network.isTrained(in: step) else { return }
    try backbone?.load()
    states[.generator] = discriminator.advance()
  }

  /// Prepares the passes of the discriminator's own update; once a step, on every rank.
  func beginUpdate() {
    for pass in [DiscriminatorPass.real, .fake] { states[pass] = discriminator.advance() }
  }

  /// The logits of a lane's images in a pass of the present step.
  func logits(
    of images: Variable, _ pass: DiscriminatorPass, at place: LanePlace, _ draws: LossDraws
  ) -> Variable {
    guard let state = states[pass] else {
      preconditionFailure("DiscriminatorTraining: pass \(pass) of step \(place.step) has not begun")
    }
    if let view = draws.views[pass], case .dino(let dino) = discriminator {
      return dino(images, state: state, draws: view)
    }
    let count = training.batch.sampleCountPerLane
    return discriminator.logits(
      of: images, state: state,
      at: DiscriminatorPlace(
        seed: training.run.seed, step: place.step, lane: place.lane, pass: pass,
        samples: place.lane * count..<(place.lane + 1) * count))
  }
}

extension Network.Settings {
  /// How a discriminator is trained: like the network that the run is named for, but with its own rate,
  /// from its own first step to the same last one, and without a moving average.
  ///
  /// Source: Docs/Training.md, section 2.
  init(
    discriminator adversarial: TokenizerRunConfiguration.Adversarial, _ training: TrainingSettings
  ) {
    var own = training
    let ratio = adversarial.rate / training.optimizer.rate
    own.optimizer.rate = adversarial.rate
    own.schedule.endRate = training.schedule.endRate * ratio
    own.stepCount = training.stepCount - adversarial.start
    self.init(own)
    keepsAverage = false
    firstStep = adversarial.start
  }
}
