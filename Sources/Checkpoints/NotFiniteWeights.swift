/// Weights among which is an infinity or what is no number: nothing that is computed from them is worth
/// anything.
public struct NotFiniteWeights: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file or the checkpoint's directory.
  public let path: String
  /// The first tensor with such an element.
  public internal(set) var tensor: String
  /// Whether somebody else's program wrote the file.
  public private(set) var isForeign = false

  /// Names a tensor.
  init(path: String, tensor: String) {
    self.path = path
    self.tensor = tensor
  }

  /// The error as one about a file of somebody else, who calls the tensor by another name.
  package func foreign(tensor: String) -> NotFiniteWeights {
    var copy = self
    (copy.tensor, copy.isForeign) = (tensor, true)
    return copy
  }

  /// What is wrong, where, and what to do.
  public var description: String {
    "'\(path)': the tensor '\(tensor)' has elements that are infinite or no numbers: "
      + (isForeign
        ? "download the file again"
        : "the model had diverged when it was saved. Use an earlier checkpoint, or train with a lower "
          + "optimizer.rate.")
  }
}
