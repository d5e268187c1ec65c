import DataParallel
import MessagePassing
import Synchronization
import Testing

/// The transport on one rank; several ranks are the rank checks' matter.
struct SampleTransportTests {
  private struct Unreadable: Error, CustomStringConvertible {
    let description = "cannot read shard 2"
  }

  private static func message(_ step: Int, _ lane: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(step * 10 + lane), count: step + lane)
  }

  private func transport(
    steps: Range<Int>, prefetch: Int, read: @escaping SampleTransport.Reader
  ) throws -> SampleTransport {
    try SampleTransport(
      plan: LanePlan(laneCount: 3, worldSize: 1), communicator: .single(), steps: steps,
      prefetch: prefetch, deadline: .seconds(20), read: read)
  }

  @Test(arguments: [1, 2, 5])
  func bringsEveryLane(prefetch: Int) throws {
    let transport = try transport(steps: 2..<12, prefetch: prefetch, read: Self.message)
    for step in 2..<12 {
      // Within a step any order will do.
      for lane in [2, 0, 1] {
        #expect(try transport.next(step: step, lane: lane) == Self.message(step, lane))
      }
    }
    try transport.stop()
  }

  @Test(arguments: 0...3)
  func stopsAtAnyStepWithoutReadingFarAhead(stepCount: Int) throws {
    let lastStepRead = Mutex(-1)
    let transport = try transport(steps: 0..<1_000_000, prefetch: 2) { step, lane in
      lastStepRead.withLock { $0 = step }
      return Self.message(step % 20, lane)
    }
    for step in 0..<stepCount {
      for lane in 0..<3 { _ = try transport.next(step: step, lane: lane) }
    }
    try transport.stop()
    try transport.stop()
    #expect(lastStepRead.withLock { $0 } <= stepCount + 2)
  }

  @Test func aReadErrorComesAtItsStep() throws {
    let transport = try transport(steps: 0..<10, prefetch: 4) { step, lane in
      if step == 1, lane == 2 { throw Unreadable() }
      return Self.message(step, lane)
    }
    for lane in 0..<3 { _ = try transport.next(step: 0, lane: lane) }
    let error = #expect(throws: SampleReadingError.self) {
      try transport.next(step: 1, lane: 0)
    }
    #expect(error?.description == "data of step 1, lane 2: cannot read shard 2")
    #expect(error?.reason is Unreadable)
    try transport.stop()
  }

  @Test func aReaderThatDoesNotAnswerIsATimeout() throws {
    let gate = Mutex(())
    try gate.withLock { _ in
      let transport = try SampleTransport(
        plan: LanePlan(laneCount: 1, worldSize: 1), communicator: .single(), steps: 0..<1,
        deadline: .milliseconds(10)
      ) { _, _ in
        gate.withLock { _ in }
        return []
      }
      let error = #expect(throws: MessagePassingError.self) {
        try transport.next(step: 0, lane: 0)
      }
      #expect(error?.description.contains("waiting for the samples of step 0, lane 0") == true)
    }
  }

  @Test func lanesOutOfOrderAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let transport = try SampleTransport(
        plan: LanePlan(laneCount: 1, worldSize: 1), communicator: .single(), steps: 0..<3
      ) { _, _ in [] }
      _ = try transport.next(step: 1, lane: 0)
    }
  }
}
