/// What one lane reports about one step: its shares of the step's figures, which are summed.
public struct LaneReport: Sendable, Equatable {
  /// The lane's share of the step's loss.
  public var lossSum: Double
  /// The number of samples, or their weight.
  public var sampleCount: Double
  /// Further sums; all lanes of a step name the same ones in the same order.
  public var metrics: [Metric]
  /// The tokens that a model gave to the lane's samples, one sample after the other; all lanes of a step
  /// have as many.
  public var tokens: [UInt16]

  /// Makes a report.
  public init(
    lossSum: Double, sampleCount: Double, metrics: [Metric] = [], tokens: [UInt16] = []
  ) {
    self.lossSum = lossSum
    self.sampleCount = sampleCount
    self.metrics = metrics
    self.tokens = tokens
  }
}

/// What all ranks know alike about a step, and so the only ground for a decision about it.
///
/// A rank that skipped an update, clipped or stopped on numbers of its own would part from the
/// others for good. Only ``StepConsensus`` makes this value, from the reports of all ranks, so a
/// function that takes it cannot be called with a local opinion.
public struct StepAgreement: Sendable, Equatable {
  /// The step it is about.
  public let step: Int
  /// The loss, summed over all lanes in lane order.
  public let lossSum: Double
  /// The samples of all lanes.
  public let sampleCount: Double
  /// Each metric, summed over all lanes in lane order.
  public let metrics: [Metric]
  /// The tokens of all samples, in lane order; none where the step makes none.
  public let tokens: [UInt16]
  /// Whether every rank called its numbers finite, and every lane's loss is.
  public let isFinite: Bool
  /// Whether any rank was asked to stop.
  public let isStopRequested: Bool

  /// - Precondition: All lanes have the same metrics in the same order.
  init(step: Int, lanes: [LaneReport], isFinite: Bool, isStopRequested: Bool) {
    self.step = step
    lossSum = lanes.reduce(0) { $0 + $1.lossSum }
    sampleCount = lanes.reduce(0) { $0 + $1.sampleCount }
    metrics = (lanes.first?.metrics ?? []).enumerated().map { index, metric in
      Metric(metric.name, lanes.reduce(0) { $0 + $1.metrics[index].value })
    }
    tokens = lanes.flatMap(\.tokens)
    self.isFinite = isFinite && lanes.allSatisfy(\.lossSum.isFinite)
    self.isStopRequested = isStopRequested
  }
}
