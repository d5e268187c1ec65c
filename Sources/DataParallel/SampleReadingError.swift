/// A lane's samples could not be read on the coordinator; every rank throws it for the same step.
public struct SampleReadingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The step whose data is missing.
  public let step: Int
  /// The reader's own words, with the lane.
  public let message: String

  init(step: Int, message: String) {
    self.step = step
    self.message = message
  }

  init(step: Int, lane: Int, reason: any Error) {
    self.init(step: step, message: "lane \(lane): \(reason)")
  }

  /// Where the data stopped and why.
  public var description: String { "data of step \(step), \(message)" }
}
