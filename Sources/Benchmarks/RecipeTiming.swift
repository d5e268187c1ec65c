import Foundation
public import MessagePassing
public import Reporting

extension StepBenchmark {
  /// Times the step of the whole recipe with random frozen networks, loss by loss.
  ///
  /// The tokenizer's own step comes first, then one loss more each time: what a step takes longer is that
  /// loss's share, forward and backward. Collective: every rank.
  ///
  /// - Returns: The figures; times and memory are those of this rank.
  /// - Throws: `MessagePassingError`; `ConfigurationError` when batch and losses do not suit each other.
  public func runLossByLoss(_ communicator: Communicator) throws -> RecipeTiming {
    var parts: [RecipeTiming.Part] = []
    var timing = try with([]).run(communicator)
    func add(_ name: String, seconds: Double) {
      parts.append(
        RecipeTiming.Part(
          name: name, seconds: seconds, peakMemoryGibibytes: timing.peakMemoryGibibytes))
    }
    add("tokenizer", seconds: timing.stepSeconds)
    var losses: Set<RecipeLoss> = []
    for loss in RecipeLoss.allCases {
      losses.insert(loss)
      let before = timing.stepSeconds
      timing = try with(losses).run(communicator)
      add(loss.rawValue, seconds: timing.stepSeconds - before)
    }
    return RecipeTiming(step: timing, parts: parts)
  }

  /// The same benchmark with other losses.
  private func with(_ losses: Set<RecipeLoss>) -> StepBenchmark {
    var rehearsal = rehearsal
    rehearsal.losses = losses
    return StepBenchmark(rehearsal, stepCount: stepCount, warmupCount: warmupCount)
  }
}

/// The figures of `restok bench step --recipe full`.
public struct RecipeTiming: CommandReport, Codable, Equatable {
  /// The whole step.
  public var step: StepTiming
  /// Its parts.
  public var parts: [Part]

  /// One of the losses, or the tokenizer's step without them.
  public struct Part: Sendable, Codable, Equatable {
    /// Its name.
    public var name: String
    /// Seconds that a step takes longer for it.
    public var seconds: Double
    /// The largest resident set up to here, with all parts before.
    public var peakMemoryGibibytes: Double

    private enum CodingKeys: String, CodingKey {
      case name
      case seconds = "step_s"
      case peakMemoryGibibytes = "peak_rss_GiB"
    }
  }

  /// The step, and a line for each part.
  public var description: String {
    let lines = parts.map { part in
      String(
        format: "  %@: %.4f s, %.1f %% of the step; peak with all above %.2f GiB", part.name,
        part.seconds, 100 * part.seconds / step.stepSeconds, part.peakMemoryGibibytes)
    }
    let isNoise = parts.contains { $0.seconds < -0.02 * step.stepSeconds }
    let note =
      isNoise
      ? ["  a part that takes less than nothing: the machine was busy meanwhile, measure again"]
      : []
    return ([step.description] + lines + note).joined(separator: "\n")
  }
}
