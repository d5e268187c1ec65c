import ArrayFiles
import Configurations
import DataParallel
import Foundation
import Inference

/// What a run will need, before it is started.
///
/// Weights, operations, bytes and checkpoints are counted. Memory and time are measured: a rank's step is rehearsed
/// on made-up samples with as many samples as a lane has, or as fit into some seconds, and scaled to the
/// lane and to the lanes of a rank.
public struct RunPlan {
  /// Times a step of some samples: `restok bench step` in a process of its own, whose memory is nothing but
  /// the step's.
  public typealias Rehearse = (_ sampleCount: Int) throws -> StepTiming

  private let configuration: AnyRunConfiguration
  private let name: String
  private let rankCount: Int
  /// The longest that a single rehearsed step should take, in seconds.
  private static let longestStep = 20.0

  /// Reads the configuration.
  ///
  /// - Parameters:
  ///   - path: The YAML file.
  ///   - overrides: `key.path=value` pairs that replace values of the file.
  ///   - rankCount: Ranks of the run; as many as there are lanes when nil.
  /// - Throws: `ConfigurationError`, also when the ranks do not divide the lanes.
  public init(contentsOf path: String, overrides: [String], rankCount: Int?) throws {
    configuration = try AnyRunConfiguration(contentsOf: path, overrides: overrides)
    name = SystemPath.stem(of: path)
    let laneCount = configuration.training.batch.laneCount
    self.rankCount = rankCount ?? laneCount
    do {
      _ = try LanePlan(laneCount: laneCount, worldSize: self.rankCount)
    } catch {
      throw ConfigurationError(
        file: path,
        problems: [.init(path: "batch.lanes", origin: .unknown, message: error.description)])
    }
  }

  private var training: TrainingSettings { configuration.training }

  private var lanesPerRank: Int { training.batch.laneCount / rankCount }

  /// Counts, and measures if it may.
  ///
  /// - Parameter rehearse: Times a step; nil for counting alone.
  /// - Returns: The figures.
  /// - Throws: `ConfigurationError` when losses and model do not suit each other; what `rehearse` throws.
  public func report(rehearse: Rehearse?) throws -> PlanReport {
    let costs = try RunCosts(configuration)
    let batch = training.batch
    return PlanReport(
      name: name, rankCount: rankCount, lanesPerRank: lanesPerRank,
      samplesPerLane: batch.sampleCountPerLane, stepCount: training.stepCount,
      parts: costs.parts.map { part in
        PlanReport.Part(
          name: part.name, weightCount: part.weightCount, isTrained: part.frozenByteCount == nil,
          gigaOperations: Double(part.operationCount) * Double(batch.sampleCount) / 1e9)
      },
      stateByteCount: costs.stateByteCount,
      exchangedByteCount: costs.exchangedByteCount(
        rankCount: rankCount, wire: training.execution.wire),
      checkpointByteCount: costs.checkpointByteCount,
      measured: try rehearse.map { try measure(costs, $0) })
  }

  /// Rehearses one sample, and then as many as a lane has or as fit into the time.
  private func measure(_ costs: RunCosts, _ rehearse: Rehearse) throws -> PlanReport.Measured {
    let sampleCount = training.batch.sampleCountPerLane
    let small = try rehearse(1)
    let fitting = Int(Self.longestStep / max(small.stepSeconds, 1e-3))
    let largest = min(sampleCount, max(2, fitting))
    // The discriminator's groups take up to 8 samples as they are, and more only in multiples.
    let count = largest == sampleCount || largest <= 8 ? largest : largest / 8 * 8
    let large = count > 1 ? try rehearse(count) : small
    let laneSeconds =
      (large.stepSeconds - large.optimizerSeconds) / Double(count) * Double(sampleCount)
    let stepSeconds = Double(lanesPerRank) * laneSeconds + large.optimizerSeconds
    return PlanReport.Measured(
      threadCount: large.threadCount, rehearsedSampleCount: count,
      gigaOperationsPerSecond: Double(costs.operationCount) * Double(count) / large.stepSeconds
        / 1e9,
      stepSeconds: stepSeconds, hours: hours(costs, stepSeconds: stepSeconds),
      memoryGibibytes: memory(costs, small, large, count: count, sampleCount: sampleCount))
  }

  /// Activations grow with the samples; sums of lanes that wait for others have a copy of the gradients each.
  private func memory(
    _ costs: RunCosts, _ small: StepTiming, _ large: StepTiming, count: Int, sampleCount: Int
  ) -> Double {
    let sample =
      count > 1
      ? (large.peakMemoryGibibytes - small.peakMemoryGibibytes) / Double(count - 1) : 0
    let waiting = Double((lanesPerRank - 1).bitWidth - (lanesPerRank - 1).leadingZeroBitCount)
    let sums = waiting * 4 * Double(costs.trainedWeightCount) / Double(1 << 30)
    return large.peakMemoryGibibytes + sample * Double(sampleCount - count) + sums
  }

  /// Steps before the discriminator's start do without it.
  private func hours(_ costs: RunCosts, stepSeconds: Double) -> Double {
    var stepCount = Double(training.stepCount)
    if case .tokenizer(let configuration) = configuration,
      let adversarial = configuration.losses.adversarial
    {
      let saved = costs.parts.filter { $0.name.hasPrefix("discriminator") }
        .reduce(0) { $0 + $1.operationCount }
      stepCount -= Double(adversarial.start) * Double(saved) / Double(costs.operationCount)
    }
    return stepCount * stepSeconds / 3600
  }
}
