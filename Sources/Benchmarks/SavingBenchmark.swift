import ArrayFiles
import Checkpoints
public import DataParallel
import Foundation
import Kernels
import Logging
public import MessagePassing
import Reporting

/// Times saving beside the training steps of a configuration, and the disk that it writes to.
///
/// Each repetition writes a plain file, saves beside steps, writes a plain file again, and saves
/// while nothing else runs: a disk's rate changes from one second to the next.
public struct SavingBenchmark {
  private let rehearsal: Rehearsal
  private let directory: String
  private let stepCount: Int
  private let repetitionCount: Int

  /// The most bytes that are written to learn the disk's rate.
  private static let plainByteCountLimit = 4 << 30

  /// Gathers what is to be done.
  ///
  /// - Parameters:
  ///   - rehearsal: What is trained.
  ///   - directory: Where a folder is made for the files, and removed in the end.
  ///   - stepCount: Steps that are timed without a save, after two that are not.
  ///   - repetitionCount: How often it saves beside steps, and alone.
  public init(_ rehearsal: Rehearsal, directory: String, stepCount: Int, repetitionCount: Int) {
    self.rehearsal = rehearsal
    self.directory = directory
    self.stepCount = stepCount
    self.repetitionCount = repetitionCount
  }

  /// Trains and saves.
  ///
  /// - Returns: The figures.
  /// - Throws: `CommandError.noRoom`, before anything is written; `CommandError.interrupted` after
  ///   a signal; `FileError`, `HDF5Error` or `CheckpointError` when the disk fails. The files are
  ///   removed in any case.
  public func run(_ communicator: Communicator, stopSignal: StopSignal) throws -> SavingReport {
    RankThreads.setAutomatic()
    let training = try RehearsedTraining(rehearsal, communicator)
    let byteCount = training.arrays.reduce(0) { $0 + $1.byteCount }
    let temporary = try folder(holding: byteCount)
    defer { temporary.remove() }
    let folder = temporary.path
    let stepTimes = try (0..<2 + stepCount).map { try time(training, $0, stopSignal) }
    let memory = PeakMemory.gibibytes
    let saves = SavingRehearsal(training, folder: folder, stopSignal)
    var (plain, beside, alone): ([Double], [TimedSave], [TimedSave]) = ([], [], [])
    for _ in 0..<repetitionCount {
      for isBeside in [true, false] {
        plain.append(
          try DiskRate.measure(
            byteCount: min(byteCount, Self.plainByteCountLimit), path: folder + "/plain"
          ) { try stopSignal.throwIfRequested() })
        if isBeside {
          beside.append(try saves.saveBesideSteps())
        } else {
          alone.append(try saves.saveAlone())
        }
      }
    }
    return SavingReport(
      size: rehearsal.name, precision: rehearsal.precision.rawValue,
      batchCount: rehearsal.batchSize, threadCount: threadCount,
      weightCount: training.weightCount,
      stepSeconds: median(Array(stepTimes.dropFirst(2))), besideSteps: beside,
      alone: alone, diskBytesPerSecond: median(plain),
      trainingMemoryGibibytes: memory, peakMemoryGibibytes: PeakMemory.gibibytes)
  }

  private func time(_ training: RehearsedTraining, _ step: Int, _ stopSignal: StopSignal) throws
    -> Double
  {
    try stopSignal.throwIfRequested()
    let start = ContinuousClock.now
    try training.step(step)
    return (ContinuousClock.now - start).inSeconds
  }

  /// A new folder on a disk that has room for a checkpoint.
  private func folder(holding byteCount: Int) throws -> TemporaryPath {
    try FileSystem.createDirectory(directory)
    // HDF5 adds a little for every tensor.
    let needed = byteCount + byteCount / 16 + 1 << 24
    let available = try FileSystem.availableByteCount(in: directory)
    guard available >= needed else {
      throw CommandError.noRoom(
        directory: directory, neededByteCount: needed, availableByteCount: available)
    }
    return try TemporaryPath(directoryFor: directory + "/bench-saving")
  }
}

extension StopSignal {
  /// Gives up a measurement when somebody asked for it.
  ///
  /// - Throws: `CommandError.interrupted`.
  func throwIfRequested() throws {
    if isRequested { throw CommandError.interrupted(signal: name ?? "a signal") }
  }
}
