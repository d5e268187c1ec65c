public import Autodiff
import Tensors

/// The trained part of the discriminator that looks through a frozen DINO.
///
/// Each head judges one activation of the frozen network: of the embedding, and after some of its
/// blocks, each patch with the class token added. Source: Sauer et al. 2023 (StyleGAN-T), section 3.2;
/// Docs/Discriminators.md, section 1.
public struct DinoHeads {
  /// Sizes of the heads.
  public struct Configuration: Sendable, Equatable {
    /// Channels of an activation.
    public var width: Int
    /// Blocks of the frozen network after which a head looks, beside the one at the embedding.
    public var blocks: [Int]
    /// Width of the wide convolution's kernel; odd.
    public var kernelSize: Int
    /// How the samples of a lane share batch statistics.
    public var grouping: SampleGrouping
    /// Added to the variance by the norms.
    public var epsilon: Float

    /// The published sizes, unless told otherwise.
    public init(
      width: Int = 384, blocks: [Int] = [2, 5, 8, 11], kernelSize: Int = 9,
      grouping: SampleGrouping = SampleGrouping(), epsilon: Float = 1e-6
    ) {
      self.width = width
      self.blocks = blocks
      self.kernelSize = kernelSize
      self.grouping = grouping
      self.epsilon = epsilon
    }

    /// Number of heads.
    public var headCount: Int { blocks.count + 1 }
  }

  /// The sizes.
  public let configuration: Configuration
  private let heads: [DinoHead]

  /// Creates the heads' parameters under their published names in a scope, and their spectral vectors,
  /// which are state and no parameters, in another.
  ///
  /// - Parameters:
  ///   - configuration: The sizes.
  ///   - scope: Where the parameters are named.
  ///   - buffers: Where the state is named.
  public init(
    _ configuration: Configuration, in scope: ParameterScope, buffers: ParameterScope
  ) {
    self.configuration = configuration
    heads = (0..<configuration.headCount).map {
      DinoHead(configuration, in: scope["heads"][$0], buffers: buffers["heads"][$0])
    }
  }

  /// Advances the spectral vectors by one step, from the weights alone.
  ///
  /// Once before each pass of a step, whatever the number of lanes: for the reconstructions as the
  /// generator's loss sees them, then for the images and for the reconstructions in the discriminator's
  /// own update.
  ///
  /// - Returns: The vectors of the pass, which stay as they are when they advance again.
  public func advance() -> SpectralState { SpectralState(vectors: heads.map { $0.advance() }) }

  /// The logits of a lane.
  ///
  /// With `recompute: blocks` a head keeps just its activation.
  ///
  /// - Parameters:
  ///   - activations: The frozen network's, `[batch, length, width]` for each head.
  ///   - state: The spectral vectors of the pass.
  /// - Returns: `[batch, headCount * length]`, the heads' one after another.
  /// - Precondition: The samples can be grouped (`SampleGrouping`).
  public func callAsFunction(_ activations: [Variable], state: SpectralState) -> Variable {
    precondition(
      activations.count == heads.count,
      "DinoHeads: \(activations.count) activations for \(heads.count) heads")
    return concatenateChannels(
      zip(zip(heads, state.vectors), activations).map { item, activation in
        let (head, vectors) = item
        return activation.tape.recomputing(activation) { head($0, vectors: vectors) }
      })
  }
}

/// The spectral vectors of one pass of a discriminator; none where it has no spectral norm.
public struct SpectralState: Sendable {
  /// Those of each head's convolutions.
  let vectors: [[SpectralVectors]]
}
