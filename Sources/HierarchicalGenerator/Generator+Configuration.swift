extension Generator {
  /// Sizes and options of a generator: the `model` section of a generator's configuration.
  public struct Configuration: Sendable, Equatable {
    /// The order in which tokens are predicted.
    public enum Order: String, Sendable, CaseIterable {
      /// The first tokens one by one, every further level at once (HAR).
      case hierarchical
      /// Every token one by one.
      case sequential
    }

    /// Tokens of an image.
    public var tokenCount: Int
    /// Codes of the tokenizer.
    public var vocabularySize: Int
    /// Classes, without the additional "no class".
    public var classCount: Int
    /// Channels of a position.
    public var width: Int
    /// Number of blocks.
    public var layerCount: Int
    /// Attention heads; they divide the width.
    public var headCount: Int
    /// The feed-forward width is `8 * width / 3` rounded up to a multiple of this.
    public var hiddenMultiple: Int
    /// The order of prediction.
    public var order: Order
    /// Leading tokens that the hierarchical order predicts one by one.
    public var singleTokenCount: Int
    /// Dropout on attention and feed-forward outputs in training.
    public var dropout: Float
    /// Dropout on input embeddings in training.
    public var tokenDropout: Float
    /// The chance that a training sample's label is replaced by "no class".
    public var classDropout: Float
    /// Base of the rotary frequencies.
    public var ropeBase: Double

    /// Creates a configuration from all its fields.
    public init(
      tokenCount: Int, vocabularySize: Int, classCount: Int, width: Int, layerCount: Int,
      headCount: Int, hiddenMultiple: Int, order: Order, singleTokenCount: Int, dropout: Float,
      tokenDropout: Float, classDropout: Float, ropeBase: Double
    ) {
      self.tokenCount = tokenCount
      self.vocabularySize = vocabularySize
      self.classCount = classCount
      self.width = width
      self.layerCount = layerCount
      self.headCount = headCount
      self.hiddenMultiple = hiddenMultiple
      self.order = order
      self.singleTokenCount = singleTokenCount
      self.dropout = dropout
      self.tokenDropout = tokenDropout
      self.classDropout = classDropout
      self.ropeBase = ropeBase
    }

    /// Width of the feed-forward layer: `int(8C/3)` rounded up to a multiple of `hiddenMultiple`.
    public var hiddenSize: Int {
      let hidden = 8 * width / 3
      return (hidden + hiddenMultiple - 1) / hiddenMultiple * hiddenMultiple
    }
  }
}
