/// What a finished step tells the progress report.
public struct StepProgress: Sendable, Equatable {
  /// The number of finished training steps, this one included.
  public var step: Int
  /// The total loss of the global batch.
  public var loss: Double
  /// The learning rate of the step.
  public var learningRate: Double
  /// The norm of the gradient before clipping.
  public var gradientNorm: Double
  /// Samples of the step on all ranks.
  public var sampleCount: Int
  /// Seconds that the step waited for its samples.
  public var dataWaitSeconds: Double
  /// Seconds that the exchange with other ranks took from the computation; nil where not measured.
  public var exchangeSeconds: Double?
  /// Seconds of the optimizer's pass; nil where not measured.
  public var optimizerSeconds: Double?

  /// Makes the report of a step.
  public init(
    step: Int, loss: Double, learningRate: Double, gradientNorm: Double, sampleCount: Int,
    dataWaitSeconds: Double, exchangeSeconds: Double? = nil, optimizerSeconds: Double? = nil
  ) {
    self.step = step
    self.loss = loss
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.sampleCount = sampleCount
    self.dataWaitSeconds = dataWaitSeconds
    self.exchangeSeconds = exchangeSeconds
    self.optimizerSeconds = optimizerSeconds
  }
}

/// The pace of the last steps: what is estimated from a window that slides over them.
package struct PaceWindow: Sendable {
  private struct Mark {
    var time: Double
    var sampleCount: Int
    var dataWaitSeconds = 0.0
    var exchangeSeconds = 0.0
    var optimizerSeconds = 0.0
  }

  private let stepCount: Int
  /// The window's beginning and the ends of its steps.
  private var marks: [Mark]

  /// Begins a window.
  ///
  /// - Parameters:
  ///   - stepCount: Steps that it covers at most, at least 1.
  ///   - start: The time at which the first step begins, in seconds.
  package init(stepCount: Int, start: Double) {
    precondition(stepCount >= 1, "PaceWindow: a window of \(stepCount) steps holds nothing")
    self.stepCount = stepCount
    marks = [Mark(time: start, sampleCount: 0)]
  }

  /// Takes the end of a step into the window, and the oldest step out where there are too many.
  package mutating func add(
    time: Double, sampleCount: Int, dataWaitSeconds: Double, exchangeSeconds: Double = 0,
    optimizerSeconds: Double = 0
  ) {
    marks.append(
      Mark(
        time: time, sampleCount: sampleCount, dataWaitSeconds: dataWaitSeconds,
        exchangeSeconds: exchangeSeconds, optimizerSeconds: optimizerSeconds))
    if marks.count > stepCount + 1 { marks.removeFirst() }
  }

  /// Leaves out what was done since the last step: the window begins anew.
  package mutating func restart(at time: Double) {
    marks = [Mark(time: time, sampleCount: 0)]
  }

  /// Seconds that the window covers.
  private var elapsed: Double { marks[marks.count - 1].time - marks[0].time }

  /// Samples a second; nil before the first step has taken time.
  package var samplesPerSecond: Double? {
    elapsed > 0 ? Double(marks.dropFirst().reduce(0) { $0 + $1.sampleCount }) / elapsed : nil
  }

  /// Seconds of a step; nil before the first step has taken time.
  package var secondsPerStep: Double? {
    elapsed > 0 ? elapsed / Double(marks.count - 1) : nil
  }

  /// The part of the time that was spent waiting for samples, in [0, 1].
  package var dataWaitShare: Double? { share(\.dataWaitSeconds) }

  /// The part of the time that the exchange with other ranks took, in [0, 1].
  package var exchangeShare: Double? { share(\.exchangeSeconds) }

  /// The part of the time that the optimizer took, in [0, 1].
  package var optimizerShare: Double? { share(\.optimizerSeconds) }

  private func share(_ seconds: KeyPath<Mark, Double>) -> Double? {
    guard elapsed > 0 else { return nil }
    return min(1, max(0, marks.dropFirst().reduce(0) { $0 + $1[keyPath: seconds] } / elapsed))
  }
}
