public import MessagePassing
public import Tensors

/// The canonical sum of gradients over ranks.
public struct GradientReduction {
  private let reduction: CanonicalReduction

  /// Prepares sums over the ranks of a communicator.
  public init(communicator: Communicator) {
    reduction = CanonicalReduction(communicator: communicator)
  }

  /// Replaces a flat float32 array by its sum over all ranks, in the order of the lanes' tree.
  ///
  /// Collective: every rank.
  ///
  /// - Parameter gradients: The sum over this rank's lanes.
  /// - Throws: `MessagePassingError`.
  public func allReduceSum(_ gradients: Tensor) throws {
    try gradients.buffer.withUnsafeMutableBytes { bytes in
      try reduction.allReduceSum(bytes.assumingMemoryBound(to: Float.self))
    }
  }
}

extension Communicator {
  /// Copies a tensor's elements from rank `root` to all ranks.
  ///
  /// Collective: every rank, with tensors of one size.
  ///
  /// - Throws: `MessagePassingError`.
  public func broadcast(_ tensor: Tensor, root: Int = 0) throws {
    try tensor.buffer.withUnsafeMutableBytes { try broadcast($0, root: root) }
  }
}
