import Foundation
import Synchronization

/// A group of ranks that exchange messages, apart from the messages of every other communicator.
///
/// With one rank every collective is an identity, so that a program for many ranks is a program for
/// one. Every wait is polite (``PoliteWait``); no collective of the MPI library is used, because its
/// blocking ones hold a core and its nonblocking ones make no progress by themselves.
///
/// Any thread may send and receive; collectives follow one another, one at a time. Each collective
/// carries its kind, its number and its size, so ranks that fell out of step get a
/// ``MessagePassingError/mismatch(context:expected:found:)`` instead of wrong data.
public final class Communicator: Sendable {
  /// This process's place among the ranks, from 0.
  public let rank: Int
  /// The number of ranks.
  public let worldSize: Int
  /// The host each rank runs on, by rank.
  public let hostNames: [String]

  /// The communicator inside MPI; nil in a world of one without MPI.
  let handle: CommunicatorHandle?
  /// Messages are cut into pieces of this size, because MPI counts in 32 bits.
  let largestPieceByteCount: Int
  private let deadlineNanoseconds: Atomic<Int64>
  private let collectiveCount = Atomic<UInt64>(0)
  private let isInCollective = Atomic(false)

  private static let noDeadline = Int64.max
  package static let defaultPieceByteCount = 1 << 30

  private init(
    rank: Int, worldSize: Int, hostNames: [String], handle: CommunicatorHandle?,
    largestPieceByteCount: Int, deadline: Duration?
  ) {
    self.rank = rank
    self.worldSize = worldSize
    self.hostNames = hostNames
    self.handle = handle
    self.largestPieceByteCount = largestPieceByteCount
    deadlineNanoseconds = Atomic(Self.nanoseconds(deadline))
  }

  /// A communicator of one rank, without MPI.
  public static func single() -> Communicator {
    Communicator(
      rank: 0, worldSize: 1, hostNames: [localHostName], handle: nil,
      largestPieceByteCount: defaultPieceByteCount, deadline: nil)
  }

  /// The communicator of all ranks; learns the hosts of the others.
  convenience init(world: CommunicatorHandle) throws {
    let host = Self.localHostName
    let start = CallContext(operation: "start", rank: 0, host: host)
    let rank = try MPILibrary.rank(world, start)
    let worldSize = try MPILibrary.size(world, start)
    // Knows only its own host yet, and that is enough to ask the others for theirs.
    let stranger = Communicator(
      rank: rank, worldSize: worldSize,
      hostNames: (0..<worldSize).map { $0 == rank ? host : "?" }, handle: world,
      largestPieceByteCount: Self.defaultPieceByteCount, deadline: nil)
    let names = try stranger.allGather(Array(host.utf8))
    self.init(
      rank: rank, worldSize: worldSize,
      hostNames: names.map { String(decoding: $0, as: UTF8.self) }, handle: world,
      largestPieceByteCount: Self.defaultPieceByteCount, deadline: nil)
  }

  /// The same ranks with messages of their own; lives until the runtime is finalised.
  ///
  /// Collective: every rank, in the same order as other duplicates.
  public func duplicate() throws -> Communicator {
    try duplicate(largestPieceByteCount: largestPieceByteCount)
  }

  package func duplicate(largestPieceByteCount: Int) throws -> Communicator {
    precondition(
      0 < largestPieceByteCount && largestPieceByteCount <= Self.defaultPieceByteCount,
      "duplicate: a piece of \(largestPieceByteCount) bytes, MPI counts up to 2^30 here")
    let context = context("duplicate")
    let duplicate = try handle.map { original in
      try MPILibrary.duplicate(original, context) { request in
        try Request(
          communicator: self, context: context, pieces: [(handle: request, receivedCount: nil)]
        ).wait()
      }
    }
    return Communicator(
      rank: rank, worldSize: worldSize, hostNames: hostNames, handle: duplicate,
      largestPieceByteCount: largestPieceByteCount, deadline: deadline)
  }

  /// All ranks but this one, ascending.
  package var peers: [Int] { (0..<worldSize).filter { $0 != rank } }

  /// The host this rank runs on.
  public var hostName: String { hostNames[rank] }

  /// The longest a single wait may last before it throws
  /// ``MessagePassingError/timeout(context:seconds:)``; nil, the default, waits for ever.
  public var deadline: Duration? {
    get {
      let nanoseconds = deadlineNanoseconds.load(ordering: .relaxed)
      return nanoseconds == Self.noDeadline ? nil : .nanoseconds(nanoseconds)
    }
    set { deadlineNanoseconds.store(Self.nanoseconds(newValue), ordering: .relaxed) }
  }

  private static func nanoseconds(_ deadline: Duration?) -> Int64 {
    guard let deadline else { return noDeadline }
    let seconds = deadline.inSeconds
    precondition(seconds >= 0, "deadline: \(deadline) is negative")
    // Beyond 2^62 ns, a century, there is no difference from waiting for ever.
    return Int64(min(seconds * 1e9, 0x1p62))
  }

  /// Runs one collective on its own, and gives it the number that all ranks must agree on.
  func collective<Result>(
    _ kind: CollectiveKind, _ body: (CollectiveCall) throws -> Result
  ) rethrows -> Result {
    let call = beginCollective(kind)
    defer { endCollective() }
    return try body(call)
  }

  /// Begins a collective that other work goes on beside.
  package func beginCollective(_ kind: CollectiveKind, byteCount: Int? = nil) -> CollectiveCall {
    let wasBusy = isInCollective.exchange(true, ordering: .acquiringAndReleasing)
    precondition(
      !wasBusy, "\(kind): another collective is under way on this communicator; use a duplicate")
    let number = collectiveCount.wrappingAdd(1, ordering: .relaxed).newValue
    return CollectiveCall(communicator: self, kind: kind, number: number, byteCount: byteCount)
  }

  /// Ends the collective that was begun.
  package func endCollective() { isInCollective.store(false, ordering: .releasing) }

  /// Who does what, for an error.
  package func context(_ operation: String, peer: Int? = nil) -> CallContext {
    CallContext(
      operation: operation, rank: rank, host: hostNames[rank], peer: peer,
      peerHost: peer.map { hostNames[$0] })
  }

  /// The name of the machine this process runs on.
  static var localHostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
