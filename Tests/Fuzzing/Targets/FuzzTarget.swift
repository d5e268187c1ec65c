import ArrayFiles
import Checkpoints
import Configurations
import DataParallel
import Datasets
import ImageFiles
import MessagePassing

/// One parser of what comes from outside, as a function of any bytes.
///
/// The bytes may be refused, with one of the errors that the program knows; they must never end the
/// process, take memory or time out of proportion, or throw anything else.
public struct FuzzTarget: Sendable {
  /// What happened to an input.
  public enum Outcome: Equatable, Sendable {
    /// The parser took the bytes.
    case accepted
    /// The parser refused them; what it says.
    case refused(String)
  }

  /// An error that the program does not know, and so no exit status for it.
  public struct UnknownError: Error, CustomStringConvertible {
    /// The target and the error.
    public let description: String
  }

  /// The name, also of the folder with its findings.
  public let name: String
  /// Makes what stands beside the input, in an empty folder of its own.
  let prepare: @Sendable (_ folder: String) throws -> Void
  /// Sound inputs, made in the prepared folder.
  let makeSeeds: @Sendable (_ folder: String) throws -> [[UInt8]]
  /// Parses bytes, in the prepared folder.
  let parse: @Sendable (_ bytes: [UInt8], _ folder: String) throws -> Void

  init(
    _ name: String, prepare: @escaping @Sendable (String) throws -> Void = { _ in },
    seeds: @escaping @Sendable (String) throws -> [[UInt8]],
    parse: @escaping @Sendable ([UInt8], String) throws -> Void
  ) {
    self.name = name
    self.prepare = prepare
    makeSeeds = seeds
    self.parse = parse
  }

  /// All targets.
  public static let all: [FuzzTarget] = [
    .dataset, .manifest, .yaml, .published, .safetensors, .weights, .pytorch, .npy, .npz, .shard,
    .codes,
    .checkpoint, .jpeg, .png, .webP, .tar, .list, .message,
  ]

  /// The target of a name.
  public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }

  /// The target at work in a folder, in which nothing else is.
  ///
  /// - Throws: What making files throws.
  public func start(in folder: String) throws -> Session {
    try prepare(folder)
    return Session(target: self, folder: folder)
  }

  /// A target with the files that it needs.
  public struct Session: Sendable {
    let target: FuzzTarget
    let folder: String

    /// Sound inputs.
    public func seeds() throws -> [[UInt8]] { try target.makeSeeds(folder) }

    /// Gives the parser an input.
    ///
    /// - Throws: `UnknownError` when the parser throws what it should not.
    public func run(_ bytes: [UInt8]) throws(UnknownError) -> Outcome {
      do {
        try target.parse(bytes, folder)
        return .accepted
      } catch  where Self.isKnown(error) {
        return .refused("\(error)")
      } catch {
        throw UnknownError(
          description: "target \(target.name) threw \(type(of: error)): \(error)")
      }
    }

    private static func isKnown(_ error: any Error) -> Bool {
      error is ArrayFileError || error is CheckpointError || error is ConfigurationError
        || error is DataError || error is FileError || error is HDF5Error || error is ImageError
        || error is LaneMessageError || error is MessagePassingError || error is SizeError
    }
  }
}
