package import DataParallel

/// What a step did, alike on every rank but for the times.
package struct StepReport: Sendable, Equatable {
  /// What a phase did.
  package struct Phase: Sendable, Equatable {
    /// The name of the network that was trained.
    package let network: String
    /// What the ranks agreed on.
    package let agreement: StepAgreement
    /// The learning rate of the update.
    package let learningRate: Double
    /// The Euclidean norm of all gradients, before clipping.
    package let gradientNorm: Double
    /// That of each parameter's gradient, by its name; empty in steps that do not report them.
    package let parameterGradientNorms: [Metric]
  }

  /// The step, from 0.
  package let step: Int
  /// The phases that ran.
  package let phases: [Phase]
  /// Where this rank's time went.
  package let times: StepTimes

  /// Whether any rank was asked to stop.
  package var isStopRequested: Bool { phases.contains { $0.agreement.isStopRequested } }

  /// Samples of the step on all ranks.
  package var sampleCount: Int { phases.first.map { Int($0.agreement.sampleCount) } ?? 0 }
}
