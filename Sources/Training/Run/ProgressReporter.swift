import Foundation

/// Shows how a training run goes on.
///
/// On a terminal that is a line that rewrites itself; every few steps a plain line goes to the log.
/// Rank 0 alone has a reporter.
public struct ProgressReporter {
  /// Steps from one line of the log to the next.
  public let lineInterval: Int
  /// Samples a second that the machine's measured rate would be enough for; nil without one.
  public var fullRateSamplesPerSecond: Double?
  private let stepCount: Int
  private let log: RunLog
  private let clock: () -> Double
  private var pace: PaceWindow
  private var lastShown = -Double.infinity

  /// Begins to report.
  ///
  /// - Parameters:
  ///   - stepCount: Steps of the whole run.
  ///   - lineInterval: Steps from one line of the log to the next, at least 1.
  ///   - windowStepCount: Steps that the pace is estimated from.
  ///   - log: Where the lines go.
  public init(stepCount: Int, lineInterval: Int, windowStepCount: Int = 50, log: RunLog) {
    self.init(
      stepCount: stepCount, lineInterval: lineInterval, windowStepCount: windowStepCount, log: log,
      clock: { ProcessInfo.processInfo.systemUptime })
  }

  /// Begins to report by a clock that gives seconds.
  package init(
    stepCount: Int, lineInterval: Int, windowStepCount: Int, log: RunLog,
    clock: @escaping () -> Double
  ) {
    precondition(lineInterval >= 1, "ProgressReporter: a line every \(lineInterval) steps")
    self.stepCount = stepCount
    self.lineInterval = lineInterval
    self.log = log
    self.clock = clock
    pace = PaceWindow(stepCount: windowStepCount, start: clock())
  }

  /// Samples a second over the last steps; nil before the first step.
  public var samplesPerSecond: Double? { pace.samplesPerSecond }

  /// The model FLOPs utilisation of the last steps, at most about 1; nil before the first step and
  /// without a measured rate.
  ///
  /// It is the operations of the steps' samples over their time, divided by the measured rate.
  public var modelFLOPsUtilization: Double? {
    guard let fullRateSamplesPerSecond, let samplesPerSecond else { return nil }
    return samplesPerSecond / fullRateSamplesPerSecond
  }

  /// Reports a finished step.
  public mutating func report(_ progress: StepProgress) {
    let now = clock()
    pace.add(
      time: now, sampleCount: progress.sampleCount, dataWaitSeconds: progress.dataWaitSeconds,
      exchangeSeconds: progress.exchangeSeconds ?? 0,
      optimizerSeconds: progress.optimizerSeconds ?? 0)
    if progress.step % lineInterval == 0 || progress.step == stepCount {
      log.writeProgress(
        ProgressText.line(
          progress, stepCount: stepCount, pace: pace, utilization: modelFLOPsUtilization))
    }
    // Ten times a second is as fast as anybody reads.
    if now - lastShown >= 0.1 || progress.step == stepCount {
      lastShown = now
      log.terminal.show { width in
        ProgressText.line(
          progress, stepCount: stepCount, pace: pace, utilization: modelFLOPsUtilization,
          width: width)
      }
    }
  }

  /// Starts the estimate of the pace anew, after work between steps such as an evaluation.
  public mutating func resumeAfterPause() { pace.restart(at: clock()) }

  /// Removes the line from the terminal.
  public func finish() { log.terminal.clear() }
}
