import DataParallel
import Dispatch
import MessagePassing
import Testing
import Training

/// Lanes that are prepared beside the step, or when they are asked for: the same, in the same order.
@Suite struct LaneQueueTests {
  private struct Refusal: Error, Equatable {
    let message: [UInt8]
  }

  private static let steps = 2..<7
  private static let lanes = 0..<3

  private func transport() throws -> SampleTransport {
    try SampleTransport(
      plan: try LanePlan(laneCount: 3, worldSize: 1), communicator: .single(), steps: Self.steps
    ) { step, lane in [UInt8(step), UInt8(lane)] }
  }

  @Test(arguments: [false, true])
  func lanesComeInTheirOrder(isAhead: Bool) throws {
    let queue = LaneQueue(
      try transport(), { $0 + [9] }, steps: Self.steps, lanes: Self.lanes, isAhead: isAhead)
    for step in Self.steps {
      for lane in Self.lanes {
        #expect(try queue.next(step: step, lane: lane) == [UInt8(step), UInt8(lane), 9])
      }
    }
    try queue.stop()
  }

  /// An error belongs to its lane: what comes before is not lost.
  @Test(arguments: [false, true])
  func anErrorComesWithItsLane(isAhead: Bool) throws {
    let queue = LaneQueue(
      try transport(),
      { message in
        if message == [3, 1] { throw Refusal(message: message) }
        return message
      }, steps: Self.steps, lanes: Self.lanes, isAhead: isAhead)
    for lane in Self.lanes { _ = try queue.next(step: 2, lane: lane) }
    #expect(try queue.next(step: 3, lane: 0) == [3, 0])
    #expect(throws: Refusal(message: [3, 1])) { try queue.next(step: 3, lane: 1) }
    try queue.stop()
  }

  /// The end comes at any time.
  @Test func theEndComesAtAnyTime() throws {
    let queue = LaneQueue(
      try transport(), { $0 }, steps: Self.steps, lanes: Self.lanes, isAhead: true)
    #expect(try queue.next(step: 2, lane: 0) == [2, 0])
    try queue.stop()
  }

  /// Also while the thread waits for samples that do not come: the reader has hung up at step 3.
  @Test func theEndIsNotWaitedFor() throws {
    let (begun, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let slow = try SampleTransport(
      plan: try LanePlan(laneCount: 3, worldSize: 1), communicator: .single(), steps: Self.steps
    ) { step, lane in
      if step == 3 {
        begun.signal()
        release.wait()
        release.signal()
      }
      return [UInt8(step), UInt8(lane)]
    }
    let queue = LaneQueue(
      slow, { $0 }, steps: Self.steps, lanes: Self.lanes, isAhead: true)
    for lane in Self.lanes { _ = try queue.next(step: 2, lane: lane) }
    begun.wait()
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { release.signal() }
    try queue.stop()
  }
}
