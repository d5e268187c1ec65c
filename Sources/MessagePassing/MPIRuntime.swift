public import Foundation
import Synchronization

/// The life of MPI in this process, as a value: making it begins, ``finalize()`` ends.
///
/// A program that no MPI launcher started gets a world of one rank without MPI: nothing is
/// initialised, no helper process is started, and every collective is an identity.
/// Source: MPI 3.1, sections 8.7 (start-up) and 12.4 (threads).
public final class MPIRuntime: Sendable {
  /// All ranks of the run.
  ///
  /// Parts that communicate on threads of their own take a duplicate.
  public let world: Communicator
  /// The name and version of the MPI library, such as `Open MPI v4.1.4`.
  public static var libraryVersion: String {
    // What follows the first comma is about who built it.
    String(MPILibrary.version.prefix { $0 != "," && $0 != "\n" && $0 != "\0" })
  }

  private let usesMPI: Bool
  private let isFinalized = Atomic(false)

  /// Joins the world of ranks.
  ///
  /// Collective: every rank of the world.
  ///
  /// - Parameters:
  ///   - expectedWorldSize: The number of ranks the user named, if any.
  ///   - environment: Where the launcher's and scheduler's variables are looked up.
  /// - Throws: ``MessagePassingError`` when MPI cannot start, lacks thread support, or sees another
  ///   number of ranks than the launcher, the scheduler or the user.
  /// - Precondition: MPI was not initialised before in this process.
  public init(
    expectedWorldSize: Int? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let launch = try LaunchEnvironment(environment)
    usesMPI = launch.isLaunched
    if usesMPI {
      precondition(!MPILibrary.isInitialized, "MPIRuntime: MPI was initialised before")
      world = try Communicator(
        world: MPILibrary.initialize(
          CallContext(operation: "start", rank: 0, host: Communicator.localHostName)))
    } else {
      world = .single()
    }
    try launch.check(worldSize: world.worldSize, expected: expectedWorldSize)
  }

  /// Leaves the world; no communicator may be used afterwards.
  ///
  /// A second call does nothing.
  ///
  /// Collective: every rank of the world.
  public func finalize() throws {
    guard usesMPI, !isFinalized.exchange(true, ordering: .acquiringAndReleasing) else { return }
    // MPI_Finalize waits for all ranks at full speed, so they meet politely first.
    try world.barrier()
    try MPILibrary.finalize(world.context("finalize"))
  }

  /// Ends every rank of the world at once with an exit code.
  ///
  /// For the executable only.
  public func abort(code: Int32) -> Never {
    if usesMPI { MPILibrary.abort(code: code) }
    exit(code)
  }
}
