import Foundation
public import MessagePassing
import Synchronization

/// Brings every lane its encoded samples: rank 0 reads for all and sends ahead of time.
///
/// On rank 0 one thread reads, step by step and lane by lane, and another one sends; on every other
/// rank a thread receives. Memory is bounded: a rank holds at most `prefetch` steps of its own
/// lanes, and rank 0 at most one step of the others' on the way besides. A rank that falls behind
/// holds up the reader, not the memory. With one rank the reader fills that rank's shelf and
/// nothing is sent.
///
/// A step is handed out when all of it was read, so a read error makes every rank throw the same
/// ``SampleReadingError`` at the same step instead of letting some wait for the others.
public final class SampleTransport: Sendable {
  /// Reads the samples of one lane of one step as one opaque message.
  public typealias Reader = @Sendable (_ step: Int, _ lane: Int) throws -> [UInt8]

  private let shelf: SampleShelf
  private let deadline: Duration?
  private let threads = DispatchGroup()
  private let isStopped = Atomic(false)
  private let context: CallContext

  /// Starts the threads.
  ///
  /// Collective: every rank of the communicator.
  ///
  /// - Parameters:
  ///   - plan: Which rank runs which lanes.
  ///   - communicator: The ranks of the plan; the transport works on a duplicate.
  ///   - steps: The steps to bring, as many as the run may do; it may stop earlier.
  ///   - prefetch: How many steps ahead samples are kept, the one in work included.
  ///   - deadline: The longest a rank waits in ``next(step:lane:)``; nil waits for ever.
  ///   - read: Reads one lane; called on rank 0 alone, from one thread, in order.
  /// - Throws: `MessagePassingError`.
  /// - Precondition: plan and communicator have the same number of ranks; `prefetch` is positive.
  public init(
    plan: LanePlan, communicator: Communicator, steps: Range<Int>, prefetch: Int = 2,
    deadline: Duration? = nil, read: @escaping Reader
  ) throws {
    precondition(
      plan.worldSize == communicator.worldSize,
      "SampleTransport: a plan for \(plan.worldSize) ranks on \(communicator.worldSize)")
    precondition(prefetch > 0, "SampleTransport: \(prefetch) steps ahead")
    let own = try communicator.duplicate()
    // How long a message may take is the reader's matter; ``next`` has the deadline.
    own.deadline = nil
    self.deadline = deadline
    context = own.context("sample transport", peer: own.rank == 0 ? nil : 0)
    shelf = SampleShelf(
      lanes: plan.lanes(of: own.rank), firstStep: steps.lowerBound, prefetch: prefetch,
      context: context)
    if own.rank == 0 {
      startCoordinator(plan: plan, communicator: own, steps: steps, read: read)
    } else {
      let receiver = SampleReceiver(communicator: own, shelf: shelf)
      start("samples-receive") { receiver.run() }
    }
  }

  private func startCoordinator(
    plan: LanePlan, communicator: Communicator, steps: Range<Int>, read: @escaping Reader
  ) {
    let outbox = SampleOutbox()
    let reader = SampleCoordinator(
      plan: plan, steps: steps, shelf: shelf, outbox: outbox, read: read)
    start("samples-read") { reader.run() }
    guard plan.worldSize > 1 else { return }
    let sender = SampleSender(
      communicator: communicator, outbox: outbox, shelf: shelf,
      messageLimit: plan.laneCount - plan.lanesPerRank)
    start("samples-send") { sender.run() }
  }

  private func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    threads.enter()
    let thread = Thread { [threads] in
      body()
      threads.leave()
    }
    thread.name = name
    thread.start()
  }

  /// Waits for the message of one of this rank's lanes.
  ///
  /// Steps follow one another; within a step the lanes may be taken in any order, each once.
  ///
  /// - Throws: ``SampleReadingError``, on every rank at the same step, when rank 0 could not read
  ///   it; `MessagePassingError` when the samples cannot come or the deadline passes;
  ///   ``SampleTransportEnd`` when the transport was stopped, also while this call waits.
  /// - Precondition: the step is the next one, the lane is this rank's and was not taken.
  public func next(step: Int, lane: Int) throws -> [UInt8] {
    try shelf.take(step: step, lane: lane, deadline: deadline)
  }

  /// Ends the transport, at any step, and waits until its threads are gone.
  ///
  /// Collective: every rank. What was read ahead is thrown away. A second call does nothing.
  ///
  /// - Throws: `MessagePassingError` when a thread of the transport met one, or the deadline passes.
  public func stop() throws {
    guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
    shelf.stop()
    if let deadline {
      guard threads.wait(timeout: .now() + deadline.inSeconds) == .success else {
        throw MessagePassingError.timeout(context: context, seconds: deadline.inSeconds)
      }
    } else {
      threads.wait()
    }
    if let failure = shelf.failure { throw failure }
  }
}

/// The transport was stopped, by this rank itself, before the samples of a step were handed out.
public struct SampleTransportEnd: Error, Sendable, Equatable, CustomStringConvertible {
  /// The step whose samples were asked for.
  public let step: Int

  /// Which step.
  public var description: String { "the samples of step \(step) were not waited for" }
}

/// A lane's samples could not be read on the coordinator; every rank throws it for the same step.
public struct SampleReadingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The step whose data is missing.
  public let step: Int
  /// The reader's own words, with the lane.
  public let message: String
  /// The reader's error, on the coordinator; nil on the others.
  public let reason: (any Error)?

  init(step: Int, message: String, reason: (any Error)? = nil) {
    self.step = step
    self.message = message
    self.reason = reason
  }

  init(step: Int, lane: Int, reason: any Error) {
    self.init(step: step, message: "lane \(lane): \(reason)", reason: reason)
  }

  /// Whether two ranks tell of the same failure.
  public static func == (left: SampleReadingError, right: SampleReadingError) -> Bool {
    left.step == right.step && left.message == right.message
  }

  /// Where the data stopped and why.
  public var description: String { "data of step \(step), \(message)" }
}
