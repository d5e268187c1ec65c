public import Autodiff

/// Either of the published discriminators, as a training step uses it.
public enum Discriminator {
  /// Looks through a frozen network at augmented images.
  case dino(DinoDiscriminator)
  /// Judges patches of images as they are.
  case patchgan(PatchDiscriminator)

  /// Whether a lane of so many samples can be judged; the `dino` discriminator groups them.
  public func accepts(laneSampleCount: Int) -> Bool {
    switch self {
    case .dino(let dino):
      dino.heads.configuration.grouping.groupCount(sampleCount: laneSampleCount) != nil
    case .patchgan: laneSampleCount > 0
    }
  }

  /// Advances the state by one step; once before each pass of a training step, whatever the number of
  /// lanes.
  ///
  /// - Returns: The state of the pass, which stays as it is when it advances again.
  public func advance() -> SpectralState {
    switch self {
    case .dino(let dino): dino.heads.advance()
    case .patchgan: SpectralState(vectors: [])
    }
  }

  /// The logits of a lane, with the draws of its place.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]`; gradients go into them if they want any.
  ///   - state: What `advance` gave for the pass.
  ///   - place: The lane and pass; as many samples as images.
  /// - Returns: `[batch, logits]`.
  /// - Precondition: The discriminator accepts the number of samples.
  public func logits(of images: Variable, state: SpectralState, at place: DiscriminatorPlace)
    -> Variable
  {
    switch self {
    case .dino(let dino):
      dino(
        images, state: state,
        draws: dino.draws(for: place, height: images.shape[1], width: images.shape[2]))
    case .patchgan(let patches): patches(images)
    }
  }
}
