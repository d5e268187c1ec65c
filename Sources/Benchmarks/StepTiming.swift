import Foundation
public import Reporting

/// The figures of `restok bench step`, under the names that other programs of the kind print.
public struct StepTiming: CommandReport, Codable, Equatable {
  /// The configuration's name.
  public var size: String
  /// The operands of products: fp32 or bf16.
  public var dtype: String
  /// The number of ranks.
  public var rankCount: Int
  /// Threads of a rank.
  public var threadCount: Int
  /// Samples of a rank's step.
  public var batchSize: Int
  /// Millions of weights.
  public var millionWeightCount: Double
  /// Seconds of a step, the median.
  public var stepSeconds: Double
  /// Seconds of the fastest step.
  public var fastestStepSeconds: Double
  /// Samples of all ranks a second, at the median.
  public var samplesPerSecond: Double
  /// Seconds of a step that the exchange took from the computation, the median.
  public var exposedExchangeSeconds: Double
  /// Seconds of a step that clipping, AdamW and the moving average take, the median.
  public var optimizerSeconds: Double
  /// The largest resident set.
  public var peakMemoryGibibytes: Double

  /// Gathers the figures.
  package init(
    size: String, dtype: String, rankCount: Int, threadCount: Int, batchSize: Int,
    millionWeightCount: Double, stepSeconds: Double, fastestStepSeconds: Double,
    samplesPerSecond: Double, exposedExchangeSeconds: Double, optimizerSeconds: Double,
    peakMemoryGibibytes: Double
  ) {
    self.size = size
    self.dtype = dtype
    self.rankCount = rankCount
    self.threadCount = threadCount
    self.batchSize = batchSize
    self.millionWeightCount = millionWeightCount
    self.stepSeconds = stepSeconds
    self.fastestStepSeconds = fastestStepSeconds
    self.samplesPerSecond = samplesPerSecond
    self.exposedExchangeSeconds = exposedExchangeSeconds
    self.optimizerSeconds = optimizerSeconds
    self.peakMemoryGibibytes = peakMemoryGibibytes
  }

  private enum CodingKeys: String, CodingKey {
    case size
    case dtype
    case rankCount = "ranks"
    case threadCount = "threads"
    case batchSize = "batch"
    case millionWeightCount = "params_M"
    case stepSeconds = "step_s"
    case fastestStepSeconds = "step_min_s"
    case samplesPerSecond = "samples_per_s"
    case exposedExchangeSeconds = "exchange_exposed_s"
    case optimizerSeconds = "optimizer_s"
    case peakMemoryGibibytes = "peak_rss_GiB"
  }

  /// All figures in one line.
  public var description: String {
    String(
      format: "%@: %.4f s a step, %.3f samples/s (batch %ld, %ld rank(s) x %ld thread(s), "
        + "%@, %.2f M weights, peak %.2f GiB, exposed exchange %.1f %%)", size, stepSeconds,
      samplesPerSecond, batchSize, rankCount, threadCount, dtype == "bf16" ? "bfloat16" : "float32",
      millionWeightCount,
      peakMemoryGibibytes, 100 * exposedExchangeSeconds / stepSeconds)
  }
}
