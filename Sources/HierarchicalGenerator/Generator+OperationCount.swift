extension Generator.Configuration {
  /// Floating-point operations of one sample's forward pass over all positions.
  ///
  /// Counted are the products with weights, a multiplication and an addition as two operations, and
  /// not attention's scores, norms, activations and the loss: the count of performance figures, kept
  /// the same so that they can be compared.
  public var forwardOperationCount: Int {
    let block = width * (4 * width + 3 * hiddenSize)
    return 2 * tokenCount * (layerCount * block + width * vocabularySize)
  }

  /// Floating-point operations of one sample in a training step, forward and backward.
  ///
  /// The backward pass takes two products for each of the forward pass.
  public var stepOperationCount: Int { 3 * forwardOperationCount }
}
