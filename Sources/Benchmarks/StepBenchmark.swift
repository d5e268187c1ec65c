import Configurations
import DataParallel
import Foundation
import Kernels
public import MessagePassing

/// Times the training step of a configuration on made-up samples: lanes, sum over ranks and
/// update, without reading, saving and logging.
public struct StepBenchmark {
  let rehearsal: Rehearsal
  let stepCount: Int
  let warmupCount: Int

  /// Times `stepCount` steps after `warmupCount` that are not timed.
  public init(_ rehearsal: Rehearsal, stepCount: Int, warmupCount: Int) {
    self.rehearsal = rehearsal
    self.stepCount = stepCount
    self.warmupCount = warmupCount
  }

  /// Runs the steps.
  ///
  /// Collective: every rank.
  ///
  /// - Returns: The figures; times are those of this rank.
  /// - Throws: `MessagePassingError`.
  public func run(_ communicator: Communicator) throws -> StepTiming {
    RankThreads.setAutomatic()
    let training = try RehearsedTraining(rehearsal, communicator)
    var times: [Double] = []
    var exposedTimes: [Double] = []
    var optimizerTimes: [Double] = []
    for step in 0..<warmupCount + stepCount {
      let start = ContinuousClock.now
      let report = try training.step(step)
      guard step >= warmupCount else { continue }
      times.append((ContinuousClock.now - start).inSeconds)
      exposedTimes.append(report.times.exchange)
      optimizerTimes.append(report.times.optimizer)
    }
    return report(training.weightCount, communicator, times, exposedTimes, optimizerTimes)
  }

  /// The figures, from the steps' times, and of these the exposed exchange and the optimizer.
  private func report(
    _ weightCount: Int, _ communicator: Communicator, _ times: [Double],
    _ exposedTimes: [Double], _ optimizerTimes: [Double]
  ) -> StepTiming {
    let (name, precision) = (rehearsal.name, rehearsal.precision)
    let batchSize = rehearsal.batchSize
    let seconds = median(times)
    let exposedSeconds = median(exposedTimes)
    let rate = Double(batchSize * communicator.worldSize) / seconds
    let parameters = Double(weightCount) / 1e6
    let memory = PeakMemory.gibibytes
    return StepTiming(
      size: name, dtype: precision == .bfloat16 ? "bf16" : "fp32",
      rankCount: communicator.worldSize, threadCount: threadCount, batchSize: batchSize,
      millionWeightCount: parameters, stepSeconds: seconds,
      fastestStepSeconds: times.min() ?? seconds,
      samplesPerSecond: rate, exposedExchangeSeconds: exposedSeconds,
      optimizerSeconds: median(optimizerTimes), peakMemoryGibibytes: memory)
  }
}

/// The largest resident set of this process.
enum PeakMemory {
  static var gibibytes: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / Double(1 << 20)
  }
}
