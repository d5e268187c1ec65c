import Tensors

/// The passes of a discriminator in a step; each has draws of its own.
///
/// The raw values are part of what makes a run repeatable and never change.
public enum DiscriminatorPass: Int, Sendable, CaseIterable {
  /// Reconstructions, for the loss of what makes them.
  case generator = 0
  /// Images, in the discriminator's own update.
  case real = 1
  /// Reconstructions, in the discriminator's own update.
  case fake = 2
}

/// One pass over the images of one lane: what its random numbers are keyed by.
public struct DiscriminatorPlace: Sendable, Equatable {
  /// The seed of the run.
  public let seed: UInt64
  /// The step, from 0.
  public let step: Int
  /// The lane of the step.
  public let lane: Int
  /// The pass.
  public let pass: DiscriminatorPass
  /// The lane's samples by their numbers in the step's batch.
  public let samples: Range<Int>

  /// Names a pass.
  public init(
    seed: UInt64, step: Int, lane: Int, pass: DiscriminatorPass, samples: Range<Int>
  ) {
    self.seed = seed
    self.step = step
    self.lane = lane
    self.pass = pass
    self.samples = samples
  }

  /// What is drawn once a lane and pass.
  enum LaneDraw: Int {
    /// Which groups of augmentations are on.
    case augmentation = 0
    /// The view of the frozen network.
    case view = 1
  }

  /// The stream of a draw for the whole lane.
  func laneKey(for draw: LaneDraw) -> RandomKey {
    key(index: lane).child(0).child(draw.rawValue)
  }

  /// The stream of one sample, which does not depend on the lane.
  func sampleKey(_ sample: Int) -> RandomKey { key(index: sample).child(1) }

  private func key(index: Int) -> RandomKey {
    RandomKey(seed: seed, purpose: .discriminatorInput, step: step, index: index)
      .child(pass.rawValue)
  }
}
