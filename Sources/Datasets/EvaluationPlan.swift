/// Which evaluation sample stands in (step, lane, slot): every sample once, in order.
///
/// The last step is filled up with places of weight 0.
public struct EvaluationPlan: Hashable, Sendable {
  /// Number of samples to evaluate.
  public let sampleCount: Int
  /// Number of lanes of a step.
  public let laneCount: Int
  /// Number of samples of a lane.
  public let samplesPerLane: Int

  /// Makes a plan.
  ///
  /// - Parameters:
  ///   - sampleCount: Number of samples to evaluate.
  ///   - laneCount: Number of lanes of a step.
  ///   - samplesPerLane: Number of samples of a lane.
  /// - Precondition: The numbers are positive, that of samples may be 0.
  public init(sampleCount: Int, laneCount: Int, samplesPerLane: Int) {
    precondition(
      sampleCount >= 0 && laneCount > 0 && samplesPerLane > 0,
      "EvaluationPlan: \(sampleCount) samples, \(laneCount) lanes x \(samplesPerLane)")
    self.sampleCount = sampleCount
    self.laneCount = laneCount
    self.samplesPerLane = samplesPerLane
  }

  /// Samples of a step over all lanes.
  public var globalBatchSize: Int { laneCount * samplesPerLane }

  /// Number of steps that visit every sample.
  public var stepCount: Int { (sampleCount + globalBatchSize - 1) / globalBatchSize }

  /// The sample of one place of one step.
  ///
  /// - Parameters:
  ///   - step: Number of the step, from 0.
  ///   - lane: Number of the lane.
  ///   - slot: Position in the lane.
  /// - Returns: Index of the sample in the data set, or nil where the place has weight 0.
  /// - Precondition: The place exists.
  public func sampleIndex(step: Int, lane: Int, slot: Int) -> Int? {
    precondition(
      step >= 0 && lane >= 0 && lane < laneCount && slot >= 0 && slot < samplesPerLane,
      "EvaluationPlan: step \(step), lane \(lane), slot \(slot) among \(laneCount) lanes x "
        + "\(samplesPerLane)")
    let index = step * globalBatchSize + lane * samplesPerLane + slot
    return index < sampleCount ? index : nil
  }
}
