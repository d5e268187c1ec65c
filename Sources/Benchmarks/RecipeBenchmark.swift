import Foundation
public import MessagePassing
public import Reporting

/// Times the training step of the whole recipe on made-up samples with random frozen networks, loss by loss.
///
/// The tokenizer's own step comes first, then one loss more each time: what a step takes longer is that
/// loss's share, forward and backward.
public struct RecipeBenchmark {
  private let rehearsal: Rehearsal
  private let stepCount: Int
  private let warmupCount: Int

  /// Times `stepCount` steps of each kind after `warmupCount` that are not timed.
  public init(_ rehearsal: Rehearsal, stepCount: Int, warmupCount: Int) {
    self.rehearsal = rehearsal
    self.stepCount = stepCount
    self.warmupCount = warmupCount
  }

  /// Runs the steps.
  ///
  /// Collective: every rank.
  ///
  /// - Returns: The figures; times and memory are those of this rank.
  /// - Throws: `MessagePassingError`.
  public func run(_ communicator: Communicator) throws -> RecipeTiming {
    var losses: [RecipeLoss] = []
    var parts: [RecipeTiming.Part] = []
    var timing = try time(losses, communicator)
    func add(_ name: String, seconds: Double) {
      parts.append(
        RecipeTiming.Part(
          name: name, seconds: seconds, peakMemoryGibibytes: timing.peakMemoryGibibytes))
    }
    add("tokenizer", seconds: timing.stepSeconds)
    for loss in RecipeLoss.allCases {
      losses.append(loss)
      let before = timing.stepSeconds
      timing = try time(losses, communicator)
      add(loss.rawValue, seconds: timing.stepSeconds - before)
    }
    return RecipeTiming(step: timing, parts: parts)
  }

  private func time(_ losses: [RecipeLoss], _ communicator: Communicator) throws -> StepTiming {
    var rehearsal = rehearsal
    rehearsal.losses = Set(losses)
    return try StepBenchmark(rehearsal, stepCount: stepCount, warmupCount: warmupCount)
      .run(communicator)
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
    return ([step.description] + lines).joined(separator: "\n")
  }
}
