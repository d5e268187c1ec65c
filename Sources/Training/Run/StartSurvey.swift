import Configurations
import Foundation
import Inference
import Kernels
import MachineReport
import MessagePassing

/// What all ranks find out about their machines when a run starts.
///
/// It is for the log only: nothing that the run computes depends on it.
struct StartSurvey {
  /// What costs speed, and what to do.
  let findings: [MachineFinding]
  /// Operations a second that products of the run's precision reach, on all ranks together; nil when
  /// they were not to be measured.
  let productRate: Double?
  private let operationCount: Int
  private let worldSize: Int

  /// Looks at the machines and, unless the configuration says otherwise, times products for a fifth of
  /// a second.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - settings: What the run is told.
  ///   - operationCount: Operations of a sample in the first step.
  ///   - communicator: The ranks.
  /// - Returns: The survey, alike on every rank.
  /// - Throws: `MessagePassingError`.
  static func run(
    _ settings: TrainingSettings, operationCount: Int, _ communicator: Communicator
  ) throws -> StartSurvey {
    let findings = MachineFinding.findings(of: try RankMachine.all(communicator))
    guard settings.execution.measuresRate else {
      return StartSurvey(
        findings: findings, productRate: nil, operationCount: operationCount,
        worldSize: communicator.worldSize)
    }
    // All at once, as they will compute.
    try communicator.barrier()
    var rate = [measuredRate(settings.precision)]
    try communicator.allReduceSum(&rate)
    return StartSurvey(
      findings: findings, productRate: rate[0], operationCount: operationCount,
      worldSize: communicator.worldSize)
  }

  /// Where the processor does not multiply bfloat16 numbers, their products are float32 products.
  private static func measuredRate(_ precision: Precision) -> Double {
    let own = measuredProductRate(precision.operandType, seconds: measuringSeconds)
    return own ?? measuredProductRate(.float32, seconds: measuringSeconds) ?? 0
  }

  private static let measuringSeconds = 0.15

  /// The measured rate in words; nil without one.
  var rateText: String? {
    productRate.map { rate in
      String(
        format: "products reach %.1f GFLOP/s on %ld rank(s) x %ld thread(s); the utilisation is "
          + "against that, at %.4g GFLOP a sample and step", rate / 1e9, worldSize, threadCount,
        Double(operationCount) / 1e9)
    }
  }
}
