public import ArrayFiles
public import Autodiff
public import FeatureNetworks
import Tensors

/// The discriminator that looks through a frozen DINO.
///
///     logits = heads(activations of the frozen network(view(normalise(augment(images)))))
///
/// The bias of the keys, which the authors set to 0, stays: softmax ignores what all keys share.
/// Source: Sauer et al. 2023 (StyleGAN-T), section 3.2; Docs/Discriminators.md, sections 1 and 3.
public struct DinoDiscriminator {
  /// What is drawn for one pass over a lane.
  public struct Draws: Sendable, Equatable {
    /// What happens to the images.
    public var augmentation: DiffAugment.Draws
    /// What the frozen network sees of them.
    public var view: BackboneView

    /// Gathers the draws.
    public init(augmentation: DiffAugment.Draws, view: BackboneView) {
      self.augmentation = augmentation
      self.view = view
    }
  }

  /// The trained part.
  public let heads: DinoHeads
  private let augment = DiffAugment()
  private let backbone: LateNetwork<VisionTransformer>
  private let sizes: VisionTransformer.Configuration
  private let inputSize: Int

  /// Creates the heads' parameters, and their state, for a frozen network that is there.
  ///
  /// - Throws: `ArrayFileError` when the network does not fit, as the other initialiser says.
  public init(
    backbone: FrozenNetwork<VisionTransformer>, inputSize: Int? = nil,
    heads configuration: DinoHeads.Configuration, in scope: ParameterScope,
    buffers: ParameterScope
  ) throws(ArrayFileError) {
    try self.init(
      backbone: LateNetwork(backbone), sizes: backbone.network.configuration,
      inputSize: inputSize, heads: configuration, in: scope, buffers: buffers)
  }

  /// Creates the heads' parameters, and their state, for a frozen network.
  ///
  /// - Parameters:
  ///   - backbone: The frozen network; loaded before the first pass.
  ///   - sizes: Its sizes.
  ///   - inputSize: Height and width of its input; that of its configuration when nil.
  ///   - configuration: The sizes of the heads, whose width is the network's.
  ///   - scope: Where the parameters are named.
  ///   - buffers: Where the state is named.
  /// - Throws: `ArrayFileError` when the network has no such blocks, no class token, another width than
  ///   the heads or learned positions of another grid than the input's.
  public init(
    backbone: LateNetwork<VisionTransformer>, sizes: VisionTransformer.Configuration,
    inputSize: Int? = nil, heads configuration: DinoHeads.Configuration,
    in scope: ParameterScope, buffers: ParameterScope
  ) throws(ArrayFileError) {
    let size = inputSize ?? sizes.inputSize ?? 224
    let last = configuration.blocks.last ?? 0
    func unfit(_ array: String, _ problem: String, _ advice: String) -> ArrayFileError {
      ArrayFileError(file: backbone.path ?? "", array: array, problem: problem, advice: advice)
    }
    guard last < sizes.blockCount, sizes.width == configuration.width else {
      throw unfit(
        "blocks",
        """
        \(sizes.blockCount) blocks of width \(sizes.width), where the discriminator looks behind \
        block \(last) (from 0) of width \(configuration.width)
        """, "Name the file of DINO ViT-S/16, dino_deitsmall16_pretrain.")
    }
    guard let grid = sizes.positionGridSize, grid * sizes.patchSize == size else {
      throw unfit(
        "pos_embed",
        """
        \(sizes.positionGridSize ?? 0) positions a side for patches of \(sizes.patchSize) pixels, \
        where the discriminator's input has \(size) pixels
        """, "Set the discriminator's input size to positions times patch size.")
    }
    self.backbone = backbone
    self.sizes = sizes
    self.inputSize = size
    heads = DinoHeads(configuration, in: scope, buffers: buffers)
  }

  /// Floating-point operations for a sample in a step that trains the heads: of the frozen network three passes
  /// forward and one back, of the heads three forward and back.
  public var stepOperationCount: Int {
    let grid = sizes.grid(height: inputSize, width: inputSize)
    return 4 * sizes.forwardOperationCount(height: inputSize, width: inputSize)
      + 8 * heads.configuration.forwardOperationCount(positionCount: grid.rows * grid.columns)
  }

  /// The draws of a pass over a lane.
  ///
  /// - Parameters:
  ///   - place: The lane and pass.
  ///   - height: Rows of the images.
  ///   - width: Columns of the images.
  /// - Returns: The draws.
  public func draws(for place: DiscriminatorPlace, height: Int, width: Int) -> Draws {
    Draws(
      augmentation: augment.draws(for: place, height: height, width: width),
      view: .drawn(for: place, height: height, width: width, size: inputSize))
  }

  /// The logits of a lane.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]`; gradients go into them if they want any.
  ///   - state: The spectral vectors of the pass.
  ///   - draws: What is done to the images.
  /// - Returns: `[batch, headCount * patches]`.
  /// - Precondition: The samples can be grouped (`SampleGrouping`).
  public func callAsFunction(_ images: Variable, state: SpectralState, draws: Draws) -> Variable {
    let augmented = augment(images, draws.augmentation)
    let input = draws.view(ImageNormalization.imageNet(augmented), size: inputSize)
    return heads(
      backbone.network.activations(of: input, afterBlocks: heads.configuration.blocks),
      state: state)
  }
}
