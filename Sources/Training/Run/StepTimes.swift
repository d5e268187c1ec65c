/// Where the time of steps went on this rank, in seconds.
public struct StepTimes: Sendable, Equatable {
  /// Waiting for samples.
  public var dataWait: Double
  /// Forward and backward passes, and everything else that the other figures leave.
  public var compute: Double
  /// What summing and agreeing over ranks took from the computation: messages that were moved on
  /// between its operations, and waiting for those that were not through at its end.
  public var exchange: Double
  /// Norm, clipping, update and moving average.
  public var optimizer: Double

  /// Makes the times of a step.
  public init(
    dataWait: Double = 0, compute: Double = 0, exchange: Double = 0, optimizer: Double = 0
  ) {
    self.dataWait = dataWait
    self.compute = compute
    self.exchange = exchange
    self.optimizer = optimizer
  }

  /// Adds the times of another step.
  static func += (left: inout StepTimes, right: StepTimes) {
    left.dataWait += right.dataWait
    left.compute += right.compute
    left.exchange += right.exchange
    left.optimizer += right.optimizer
  }

  /// The figures with their names in `metrics.jsonl`, on average over a number of steps.
  func figures(stepCount: Int) -> [(name: String, value: Double)] {
    [
      ("seconds_data_wait", dataWait), ("seconds_compute", compute),
      ("seconds_exchange", exchange), ("seconds_optimizer", optimizer),
    ].map { ($0, $1 / Double(stepCount)) }
  }
}
