extension VisionTransformer {
  /// The sizes and switches of a vision transformer.
  public struct Configuration: Sendable, Equatable {
    /// The published network that it is one of.
    public var architecture: VisionTransformerArchitecture
    /// Channels of a token.
    public var width: Int
    /// Number of blocks.
    public var blockCount: Int
    /// Number of heads; it divides the width.
    public var headCount: Int
    /// Rows and columns of a patch.
    public var patchSize: Int
    /// Rows and columns of the grid of learned positions; nil with rotary ones.
    public var positionGridSize: Int?
    /// Registers between the class token and the patches.
    public var registerCount: Int
    /// Whether queries and values have biases of their own names.
    public var hasQueryValueBiases: Bool
    /// Height and width that images are resized to; nil where they are taken as they are.
    public var inputSize: Int?
    /// Added to the variance by every norm.
    public var epsilon: Float
    /// Whether GELU has its tanh form.
    public var usesTanhGELU: Bool

    /// A network of other sizes than the published one's; those that are nil are the published ones.
    public init(
      _ architecture: VisionTransformerArchitecture, width: Int? = nil, blockCount: Int? = nil,
      headCount: Int? = nil, patchSize: Int? = nil, positionGridSize: Int? = nil,
      registerCount: Int? = nil, hasQueryValueBiases: Bool = false
    ) {
      let published = architecture.publishedSizes
      self.architecture = architecture
      self.width = width ?? published.width
      self.blockCount = blockCount ?? published.blockCount
      self.headCount = headCount ?? self.width / VisionTransformerArchitecture.headSize
      self.patchSize = patchSize ?? published.patchSize
      self.positionGridSize = positionGridSize ?? architecture.publishedPositionGridSize
      self.registerCount = registerCount ?? architecture.publishedRegisterCount
      self.hasQueryValueBiases = hasQueryValueBiases
      inputSize = architecture.inputSize
      epsilon = architecture.epsilon
      usesTanhGELU = architecture.usesTanhGELU
    }

    /// Tokens before the patches.
    public var prefixCount: Int { (architecture.hasClassToken ? 1 : 0) + registerCount }

    /// Whether the class token has a learned position, the first; it has none beside registers.
    var hasClassPosition: Bool { architecture.hasClassToken && registerCount == 0 }

    /// Rows and columns of patches that images of a size give.
    public func grid(height: Int, width: Int) -> (rows: Int, columns: Int) {
      ((inputSize ?? height) / patchSize, (inputSize ?? width) / patchSize)
    }
  }
}
