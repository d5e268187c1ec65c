import Foundation
public import Reporting

/// The figures of `restok bench saving`; medians over its saves.
public struct SavingReport: CommandReport, Codable, Equatable {
  /// The configuration's name.
  public var size: String
  /// The operands of products.
  public var precision: String
  /// Samples of a step.
  public var batchCount: Int
  /// Threads of the program.
  public var threadCount: Int
  /// Weights of the model.
  public var weightCount: Int
  /// Seconds of a step without a save.
  public var stepSeconds: Double
  /// Seconds for which the training thread does nothing but a save: it waits and copies.
  public var stallSeconds: Double
  /// The same as a share of a step.
  public var stallSteps: Double
  /// Steps that were beside a save, whole or in part.
  public var slowedStepCount: Int
  /// Seconds by which these were longer in all, the stall within them included.
  public var slowdownSeconds: Double
  /// Bytes of a checkpoint.
  public var checkpointByteCount: Int
  /// The save beside steps.
  public var besideSteps: Writing
  /// The save while nothing else runs.
  public var alone: Writing
  /// Bytes a second of a plain sequential write and `fsync` into the same folder.
  public var diskBytesPerSecond: Double
  /// The largest resident set before the first save.
  public var trainingMemoryGibibytes: Double
  /// The largest resident set in the end.
  public var peakMemoryGibibytes: Double

  /// How fast a checkpoint was written.
  public struct Writing: Sendable, Equatable, Codable {
    /// Seconds from the first byte until all files are on the disk.
    public var writeSeconds: Double
    /// Bytes a second of that.
    public var bytesPerSecond: Double
    /// That over the disk's rate.
    public var ratio: Double
    /// Seconds until the checkpoint has been read back too.
    public var saveSeconds: Double
  }
}

extension SavingReport {
  /// Gathers the figures of several saves.
  init(
    size: String, precision: String, batchCount: Int, threadCount: Int, weightCount: Int,
    stepSeconds: Double, besideSteps: [TimedSave], alone: [TimedSave], diskBytesPerSecond: Double,
    trainingMemoryGibibytes: Double, peakMemoryGibibytes: Double
  ) {
    self.size = size
    self.precision = precision
    self.batchCount = batchCount
    self.threadCount = threadCount
    self.weightCount = weightCount
    self.stepSeconds = stepSeconds
    stallSeconds = median(besideSteps.map(\.stallSeconds))
    stallSteps = stallSeconds / stepSeconds
    slowedStepCount = Int(median(besideSteps.map { Double($0.stepTimes.count) }))
    slowdownSeconds = median(
      besideSteps.map { save in save.stepTimes.reduce(0) { $0 + $1 - stepSeconds } })
    checkpointByteCount = alone.first?.byteCount ?? 0
    self.besideSteps = Writing(besideSteps, diskBytesPerSecond)
    self.alone = Writing(alone, diskBytesPerSecond)
    self.diskBytesPerSecond = diskBytesPerSecond
    self.trainingMemoryGibibytes = trainingMemoryGibibytes
    self.peakMemoryGibibytes = peakMemoryGibibytes
  }
}

extension SavingReport.Writing {
  init(_ saves: [TimedSave], _ diskBytesPerSecond: Double) {
    writeSeconds = median(saves.map(\.writeSeconds))
    bytesPerSecond = Double(saves.first?.byteCount ?? 0) / writeSeconds
    ratio = bytesPerSecond / diskBytesPerSecond
    saveSeconds = median(saves.map(\.saveSeconds))
  }
}

extension SavingReport {
  /// A line for the training, one for the stall, one for each kind of save, one for the disk.
  public var description: String {
    func line(_ title: String, _ writing: Writing) -> String {
      String(
        format: "%@: written in %.2f s, %.2f GB/s, %.0f %% of the disk's rate; "
          + "read back after %.2f s", title, writing.writeSeconds, writing.bytesPerSecond / 1e9,
        100 * writing.ratio,
        writing.saveSeconds)
    }
    return [
      String(
        format: "%@, %@: batch %ld, %ld thread(s), %.2f M weights, %.4f s a step, "
          + "checkpoint %.3f GB", size, precision, batchCount, threadCount,
        Double(weightCount) / 1e6, stepSeconds,
        Double(checkpointByteCount) / 1e9),
      String(
        format: "stall: %.3f s, %.2f steps; %ld step(s) beside the save were %.2f s longer",
        stallSeconds, stallSteps, slowedStepCount, slowdownSeconds),
      line("beside steps", besideSteps), line("alone", alone),
      String(
        format: "disk: %.2f GB/s; memory: %.2f GiB before, %.2f GiB with saves",
        diskBytesPerSecond / 1e9, trainingMemoryGibibytes, peakMemoryGibibytes),
    ].joined(separator: "\n")
  }
}
