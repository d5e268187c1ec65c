public import Autodiff

/// Either of the published discriminators, as a training step uses it.
public enum Discriminator {
  /// Looks through a frozen network at augmented images.
  case dino(DinoDiscriminator)
  /// Judges patches of images as they are.
  case patchgan(PatchDiscriminator)

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
  /// - Precondition: The samples of a `dino` discriminator can be grouped (`SampleGrouping`).
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
