import Kernels
import MessagePassing

/// What a rank's threads reach while all other ranks do the same.
public struct MachineRates: Sendable, Equatable, Codable {
  /// Operations a second of float32 products, with all threads of the rank.
  public var float32Product: Double
  /// The same with one thread.
  public var float32ProductOneThread: Double
  /// The same of bfloat16 products with all threads; nil when the processor does not multiply them.
  public var bfloat16Product: Double?
  /// Bytes a second to and from memory, with all threads.
  public var memory: Double

  /// Makes rates of given figures.
  public init(
    float32Product: Double, float32ProductOneThread: Double, bfloat16Product: Double?,
    memory: Double
  ) {
    self.float32Product = float32Product
    self.float32ProductOneThread = float32ProductOneThread
    self.bfloat16Product = bfloat16Product
    self.memory = memory
  }

  /// Measures this rank's, in a second or two.
  ///
  /// Collective: every rank, since ranks of one machine share what is measured.
  static func measured(_ communicator: Communicator) throws -> MachineRates {
    try communicator.barrier()
    let single = onOneThread { measuredProductRate(.float32, seconds: 0.4) ?? 0 }
    try communicator.barrier()
    let all = measuredProductRate(.float32, seconds: 0.4) ?? 0
    try communicator.barrier()
    let half = measuredProductRate(.bfloat16, seconds: 0.4)
    try communicator.barrier()
    let memory = measuredMemoryRate(seconds: 0.4)
    return MachineRates(
      float32Product: all, float32ProductOneThread: single, bfloat16Product: half, memory: memory)
  }
}
