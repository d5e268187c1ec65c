import Foundation
public import Reporting

/// The figures of `restok plan`.
public struct PlanReport: CommandReport, Codable, Equatable {
  /// A part of a step.
  public struct Part: Sendable, Codable, Equatable {
    /// Its name.
    public var name: String
    /// Its weights.
    public var weightCount: Int
    /// Whether they are trained.
    public var isTrained: Bool
    /// 10⁹ operations in a step of the whole batch.
    public var gigaOperations: Double

    private enum CodingKeys: String, CodingKey {
      case name
      case weightCount = "weights"
      case isTrained = "trained"
      case gigaOperations = "gflop_per_step"
    }
  }

  /// What a rehearsal on this machine says of a rank.
  public struct Measured: Sendable, Codable, Equatable {
    /// Threads of the rank.
    public var threadCount: Int
    /// Samples of the lane that was rehearsed; other sizes are scaled from it.
    public var rehearsedSampleCount: Int
    /// 10⁹ operations a second that it reached.
    public var gigaOperationsPerSecond: Double
    /// Seconds of a step, without the exchange between ranks.
    public var stepSeconds: Double
    /// Hours of the run.
    public var hours: Double
    /// GiB of a rank.
    public var memoryGibibytes: Double

    private enum CodingKeys: String, CodingKey {
      case threadCount = "threads"
      case rehearsedSampleCount = "rehearsed_samples"
      case gigaOperationsPerSecond = "gflop_per_s"
      case stepSeconds = "step_s"
      case hours
      case memoryGibibytes = "memory_GiB"
    }
  }

  /// The configuration's name.
  public var name: String
  /// Ranks of the run.
  public var rankCount: Int
  /// Lanes of a rank.
  public var lanesPerRank: Int
  /// Samples of a lane.
  public var samplesPerLane: Int
  /// Steps of the run.
  public var stepCount: Int
  /// The parts of a step.
  public var parts: [Part]
  /// Bytes of a rank's weights, gradients, moments, averages and frozen networks, without activations.
  public var stateByteCount: Int
  /// Bytes that a rank sends in a step.
  public var exchangedByteCount: Int
  /// Bytes of a checkpoint.
  public var checkpointByteCount: Int
  /// What was measured; nil where nothing was.
  public var measured: Measured?

  private enum CodingKeys: String, CodingKey {
    case name
    case rankCount = "ranks"
    case lanesPerRank = "lanes_per_rank"
    case samplesPerLane = "samples_per_lane"
    case stepCount = "steps"
    case parts
    case stateByteCount = "state_bytes"
    case exchangedByteCount = "exchanged_bytes_per_step"
    case checkpointByteCount = "checkpoint_bytes"
    case measured
  }

  /// A line for each part and figure.
  public var description: String {
    let batch = rankCount * lanesPerRank * samplesPerLane
    let head =
      "\(name): \(stepCount) steps of \(batch) samples on \(rankCount) rank(s), each \(lanesPerRank) "
      + "lane(s) of \(samplesPerLane)"
    let total = parts.reduce(0) { $0 + $1.gigaOperations }
    let lines = parts.map { part in
      String(
        format: "  %@: %.2f M weights%@, %.1f GFLOP a step (%.0f %%)", part.name,
        Double(part.weightCount) / 1e6, part.isTrained ? "" : ", frozen", part.gigaOperations,
        100 * part.gigaOperations / total)
    }
    let sizes = String(
      format: "  state of a rank %.2f GiB without activations; a checkpoint %.2f GiB; a rank sends "
        + "%.2f GiB a step", gibibytes(stateByteCount), gibibytes(checkpointByteCount),
      gibibytes(exchangedByteCount))
    return ([head] + lines + [sizes, measuredText]).joined(separator: "\n")
  }

  private func gibibytes(_ byteCount: Int) -> Double { Double(byteCount) / Double(1 << 30) }

  private var measuredText: String {
    guard let measured else { return "  nothing was measured: memory and hours are not known" }
    return String(
      format:
        "  measured with %ld thread(s) and %ld sample(s): %.1f GFLOP/s; a step %.2f s without the "
        + "exchange, the run %.1f hours, memory of a rank %.2f GiB", measured.threadCount,
      measured.rehearsedSampleCount, measured.gigaOperationsPerSecond, measured.stepSeconds,
      measured.hours, measured.memoryGibibytes)
  }
}
