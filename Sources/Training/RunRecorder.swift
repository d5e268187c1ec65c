import ArrayFiles
import Checkpoints
import Configurations
import DataParallel
import Foundation
import HierarchicalGenerator
import Inference
import Logging
import ResidualTokenizer

/// What the coordinator writes down of a run: lines, figures, pictures, checkpoints.
final class RunRecorder {
  let directory: RunDirectory
  let logger: Logger
  private let lock: RunLock
  private let log: RunLog
  private var metrics: MetricsLog?
  private var progress: ProgressReporter
  private let interval: Int
  /// Whether the use of the codebook is reported after a step.
  private let isCodebookDue: (_ report: StepReport) -> Bool
  private var usageWarnings: (training: UsageWarning, evaluation: UsageWarning)
  /// Whether there was no such directory before.
  private let isNew: Bool
  private var hasBegun = false
  /// Samples a second in a step at the measured rate of products.
  private var fullRate: ((_ step: Int) -> Double)?
  /// What evaluations have already been said to lack.
  private var saidRemarks: Set<String> = []
  /// The times of the steps since the last record.
  private var times = (sum: StepTimes(), stepCount: 0)

  /// Takes the run directory; beside the lock and the log nothing in it changes.
  ///
  /// - Parameters:
  ///   - settings: What the run is told.
  ///   - revives: Whether codes without use are put back into it.
  /// - Throws: `RunLockError`, `FileError`.
  init(_ settings: TrainingSettings, revives: Bool) throws {
    directory = RunDirectory(path: settings.run.directory)
    isNew = !FileSystem.exists(directory.path)
    lock = try directory.occupy()
    log = try RunLog(path: directory.logPath)
    logger = log.logger()
    interval = settings.log.interval
    isCodebookDue = { report in
      let doneCount = report.step + 1
      return doneCount.isMultiple(of: settings.log.interval) || settings.isSaved(after: report)
    }
    let warning = UsageWarning(leastShare: settings.log.leastUsedShare, revives: revives)
    usageWarnings = (warning, warning)
    progress = ProgressReporter(
      stepCount: settings.stepCount, lineInterval: settings.log.interval, log: log)
  }

  /// Writes the configuration and opens the figures, once nothing speaks against the run any more.
  ///
  /// Figures of steps after `doneCount` are removed, for the run will write them again.
  ///
  /// - Parameters:
  ///   - configuration: What the run is told.
  ///   - doneCount: Steps that are done.
  ///   - isExplicit: Whether the user named the checkpoint; what the directory has of later steps is
  ///     then moved away.
  /// - Throws: `FileError`.
  func begin<Configuration: RunConfiguration>(
    _ configuration: Configuration, after doneCount: Int, isExplicit: Bool
  ) throws {
    try directory.makeFolders()
    if isExplicit {
      try SupersededHistory(directory: directory, logger: logger).moveAway(after: doneCount)
    }
    try writeConfiguration(configuration)
    metrics = try MetricsLog(
      path: directory.metricsPath, keepingThrough: doneCount == 0 ? nil : doneCount,
      logger: logger)
    hasBegun = true
    progress.resumeAfterPause()
  }

  private func writeConfiguration<Configuration: RunConfiguration>(
    _ configuration: Configuration
  ) throws {
    let previous = try directory.configuration()
    guard let kept = try directory.writeConfiguration(configuration.yaml) else { return }
    let old = try? Configuration(yaml: previous ?? "", file: kept)
    let differences = old.map { configuration.differences(from: $0).map(\.description) } ?? []
    // Another wording of the same values, such as that of an earlier version, is no news.
    if old != nil && differences.isEmpty { return }
    logger.warning(
      "\(RunDirectory.configurationNotice(keptName: kept, differences: differences))")
  }

  /// Keeps the error that ends a run that has begun with the run; before, nothing of it stays.
  func reportEnd(_ error: any Error) {
    guard hasBegun else { return }
    log.writeEnd(error)
  }

  /// Says what the machines of the run are like, and counts their utilisation from now on.
  ///
  /// - Parameters:
  ///   - survey: What the ranks found out.
  ///   - operationCount: Operations of a sample in a step.
  func report(_ survey: StartSurvey, operationCount: @escaping (_ step: Int) -> Int) {
    for finding in survey.findings { logger.notice("\(finding)") }
    guard let text = survey.rateText, let rate = survey.productRate else { return }
    logger.info("\(text)")
    fullRate = { rate / Double(operationCount($0)) }
    progress.resumeAfterPause()
  }

  /// Reports a finished step.
  func report(_ report: StepReport) throws {
    let doneCount = report.step + 1
    let main = report.phases[0]
    progress.fullRateSamplesPerSecond = fullRate?(report.step)
    progress.report(
      StepProgress(
        step: doneCount, loss: main.agreement.lossSum, learningRate: main.learningRate,
        gradientNorm: main.gradientNorm, sampleCount: report.sampleCount,
        dataWaitSeconds: report.times.dataWait, exchangeSeconds: report.times.exchange,
        optimizerSeconds: report.times.optimizer))
    reportGradients(report)
    times.sum += report.times
    times.stepCount += 1
    guard doneCount % interval == 0 || doneCount == 1 else { return }
    var record = MetricsRecord(kind: "train", step: doneCount)
    for phase in report.phases {
      // The figures of the network that the run is named for have no prefix.
      let prefix = phase.network == main.network ? "" : phase.network + "_"
      record[prefix + "loss"] = .number(phase.agreement.lossSum)
      for metric in phase.agreement.metrics {
        record[prefix + metric.name] = .number(metric.value)
      }
      record[prefix + "learning_rate"] = .number(phase.learningRate)
      record[prefix + "gradient_norm"] = .number(phase.gradientNorm)
    }
    record["samples_per_second"] = progress.samplesPerSecond.map { .number($0) }
    record["model_flops_utilization"] = progress.modelFLOPsUtilization.map { .number($0) }
    for (name, seconds) in times.sum.figures(stepCount: times.stepCount) {
      record[name] = .number(seconds)
    }
    times = (StepTimes(), 0)
    metrics?.append(record)
  }

  /// Writes the norms of single parameters' gradients, in the steps that have them.
  private func reportGradients(_ report: StepReport) {
    let norms = report.phases.flatMap(\.parameterGradientNorms)
    guard !norms.isEmpty else { return }
    var record = MetricsRecord(kind: "gradients", step: report.step + 1)
    for norm in norms { record[norm.name] = .number(norm.value) }
    metrics?.append(record)
  }

  /// Reports the use of the codebook since the last record, in steps in which it is due.
  ///
  /// Due are the steps of lines of the log and those that are saved after: so a record covers the same steps
  /// in a run that goes on from a checkpoint.
  func reportCodebook(of task: any TrainingTask, after report: StepReport) {
    guard isCodebookDue(report), let window = task.takeCodebookWindow() else { return }
    let step = report.step + 1
    let codebook = CodebookReport(usage: window.usage)
    var record = MetricsRecord(kind: "codebook", step: step)
    record["steps"] = .integer(window.stepCount)
    for figure in codebook.figures { record[figure.name] = figure.value }
    record["codes_revived"] = window.revivedCount.map { .integer($0) }
    metrics?.append(record)
    let revived = window.revivedCount.map { "; \($0) codes revived" } ?? ""
    logger.info("step \(step): \(codebook.text)\(revived)")
    if let message = usageWarnings.training.message(about: window.usage.total, of: "training") {
      logger.warning("step \(step): \(message)")
    }
  }

  /// Reports an evaluation.
  func report(_ report: EvaluationReport) {
    guard let record = report.record else { return }
    metrics?.append(record)
    for text in report.texts { logger.info("\(text)") }
    for remark in report.remarks where saidRemarks.insert(remark).inserted {
      logger.notice("evaluation: \(remark)")
    }
    if let usage = report.main.usage,
      let message = usageWarnings.evaluation.message(about: usage.total, of: "the evaluation")
    {
      logger.warning("step \(report.step): \(message)")
    }
    progress.resumeAfterPause()
  }

  /// Writes a picture; what went wrong is logged, for a picture is no reason to end a run.
  ///
  /// - Throws: `NotFiniteLogits` or `NotFiniteOutput`: of a model that gives no numbers, training is of no
  ///   use any more.
  func writePicture(of task: any TrainingTask, step: Int) throws {
    do {
      guard let picture = try task.picture() else { return }
      try directory.writePicture(picture.image, name: picture.name, step: step)
    } catch let error where error is NotFiniteLogits || error is NotFiniteOutput {
      throw error
    } catch {
      logger.error("step \(step): no picture: \(error)")
    }
    progress.resumeAfterPause()
  }

  /// Ends the status line and gives the directory free; one that was made for a run that was then
  /// refused goes.
  func finish() {
    progress.finish()
    metrics?.finish()
    log.finish()
    if isNew && !hasBegun { directory.abandon() }
    lock.release()
  }
}
