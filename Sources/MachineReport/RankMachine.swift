import ArrayFiles
import Foundation
public import Kernels
package import MessagePassing

/// What a rank says about the machine it runs on.
public struct RankMachine: Sendable, Equatable, Codable {
  /// The rank.
  public var rank: Int
  /// The machine's name.
  public var hostName: String
  /// Its processor.
  public var processor: ProcessorDescription
  /// The numerical libraries.
  public var libraries: MathLibraries
  /// How convolutions are computed.
  public var convolutions: ConvolutionChoices
  /// Cores and threads.
  public var binding: ThreadBinding
  /// Memory.
  public var memory: MemoryDescription
  /// The MPI library.
  public var messagePassingLibrary: String
  /// Variables of the environment that choose the libraries' kernels, where they are set.
  public var overrides: [String: String]

  /// Makes a description of given parts.
  public init(
    rank: Int, hostName: String, processor: ProcessorDescription, libraries: MathLibraries,
    convolutions: ConvolutionChoices, binding: ThreadBinding, memory: MemoryDescription,
    messagePassingLibrary: String,
    overrides: [String: String]
  ) {
    self.rank = rank
    self.hostName = hostName
    self.processor = processor
    self.libraries = libraries
    self.convolutions = convolutions
    self.binding = binding
    self.memory = memory
    self.messagePassingLibrary = messagePassingLibrary
    self.overrides = overrides
  }

  /// The machine of this rank, as it is.
  static func current(_ communicator: Communicator) -> RankMachine {
    let names = [
      "OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA",
    ]
    let environment = ProcessInfo.processInfo.environment.filter { names.contains($0.key) }
    return RankMachine(
      rank: communicator.rank, hostName: communicator.hostName, processor: .current,
      libraries: .current, convolutions: .current, binding: .current, memory: .current,
      messagePassingLibrary: MPIRuntime.libraryVersion, overrides: environment)
  }

  /// The machines of all ranks, by rank.
  ///
  /// Collective: every rank.
  package static func all(_ communicator: Communicator) throws -> [RankMachine] {
    try communicator.allGatherValue(current(communicator))
  }
}

extension Communicator {
  /// The values of all ranks, by rank.
  ///
  /// Collective: every rank.
  func allGatherValue<Value: Codable>(_ value: Value) throws -> [Value] {
    let texts = try allGather(Array(try JSONEncoder().encode(value)))
    return try texts.map { try JSONText.decode(Value.self, from: Data($0)) }
  }
}
