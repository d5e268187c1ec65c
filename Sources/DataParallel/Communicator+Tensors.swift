public import MessagePassing
public import Tensors

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
