import Foundation

/// The learning rate as a pure function of the step.
///
/// Steps are counted from 0. With base rate `b`, end rate `e`, `w` warm-up steps and `n` steps:
///
///     constant               b                            after  b * step / w
///     cosine                 e + (b - e) (1 + cos pi t)/2 after  b * step / w
///     warmupStableDecay      b, then e + (b - e)(1 - sqrt t)
///                            after  b/100 + (b - b/100) step / w
///
/// where `t` runs from 0 to 1 over the steps that decay: those after the warm-up for the cosine,
/// the last fifth of all for `warmupStableDecay`. A linear warm-up of the first two kinds starts at
/// 0, so the first step moves nothing. From step `n` on the rate stays at `e`.
///
/// A warm-up longer than the run is allowed: such a run is all warm-up.
/// Source: Docs/Training.md, section 2.
public enum LearningRateSchedule: Sendable, Equatable {
  /// Linear warm-up, then the base rate for ever.
  case constant(base: Double, warmupStepCount: Int)
  /// Linear warm-up, then half a cosine from the base rate to the end rate.
  case cosine(base: Double, end: Double, warmupStepCount: Int, stepCount: Int)
  /// Warm-up from a hundredth, the base rate, then a decay over the last fifth of the steps.
  case warmupStableDecay(base: Double, end: Double, warmupStepCount: Int, stepCount: Int)

  /// The kinds of schedule, by the names they have in a configuration.
  public enum Kind: String, Sendable, CaseIterable {
    /// See `LearningRateSchedule.constant(base:warmupStepCount:)`.
    case constant
    /// See `LearningRateSchedule.cosine(base:end:warmupStepCount:stepCount:)`.
    case cosine
    /// See `LearningRateSchedule.warmupStableDecay(base:end:warmupStepCount:stepCount:)`.
    case warmupStableDecay = "wsd"
  }

  /// A value that no schedule can have.
  public enum Invalid: Error, Equatable, CustomStringConvertible {
    /// A rate is negative or not finite.
    case rate(name: String, value: Double)
    /// A number of steps is negative, or there is no step at all.
    case stepCount(name: String, value: Int)

    /// What is wrong and what is allowed.
    public var description: String {
      switch self {
      case .rate(let name, let value):
        "the \(name) learning rate is \(value): expected a finite number that is not negative"
      case .stepCount(let name, let value):
        "the number of \(name) is \(value): expected at least \(name == "steps" ? 1 : 0)"
      }
    }
  }

  /// Creates a schedule from checked values; those that its kind has no use for are ignored.
  ///
  /// - Parameters:
  ///   - kind: The shape of the schedule.
  ///   - base: The rate after the warm-up.
  ///   - end: The rate that the decay ends at.
  ///   - warmupStepCount: Steps of the warm-up; 0 for none.
  ///   - stepCount: Steps of the whole run.
  /// - Throws: `Invalid` for a negative or not finite rate, a negative warm-up or a run without
  ///   steps.
  public init(
    kind: Kind, base: Double, end: Double, warmupStepCount: Int, stepCount: Int
  ) throws(Invalid) {
    for (name, rate) in [("base", base), ("end", end)] where !(rate >= 0 && rate.isFinite) {
      throw .rate(name: name, value: rate)
    }
    guard warmupStepCount >= 0 else {
      throw .stepCount(name: "warm-up steps", value: warmupStepCount)
    }
    guard stepCount >= 1 else { throw .stepCount(name: "steps", value: stepCount) }
    self =
      switch kind {
      case .constant: .constant(base: base, warmupStepCount: warmupStepCount)
      case .cosine:
        .cosine(base: base, end: end, warmupStepCount: warmupStepCount, stepCount: stepCount)
      case .warmupStableDecay:
        .warmupStableDecay(
          base: base, end: end, warmupStepCount: warmupStepCount, stepCount: stepCount)
      }
  }

  /// The learning rate of a step.
  ///
  /// - Precondition: `step` is not negative.
  public func rate(at step: Int) -> Double {
    precondition(step >= 0, "LearningRateSchedule.rate(at:): step is \(step), expected at least 0")
    switch self {
    case .constant(let base, let warmup):
      return step < warmup ? base * Double(step) / Double(warmup) : base

    case .cosine(let base, let end, let warmup, let count):
      if step < warmup { return base * Double(step) / Double(warmup) }
      if step >= count { return end }
      let progress = Double(step - warmup) / Double(count - warmup)
      return end + (base - end) * 0.5 * (1 + cos(.pi * progress))

    case .warmupStableDecay(let base, let end, let warmup, let count):
      if step < warmup {
        let progress = Double(step) / Double(warmup)
        return base / 100 + (base - base / 100) * progress
      }
      if step >= count { return end }
      let decayStepCount = count / 5
      let decayStart = count - decayStepCount
      if step < decayStart { return base }
      let progress = Double(step - decayStart) / Double(decayStepCount)
      return end + (base - end) * (1 - progress.squareRoot())
    }
  }
}
