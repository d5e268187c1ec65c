import DataParallel
public import Optimizers

/// What a run of either kind needs to be told beside its model, its data and its losses.
public struct TrainingSettings: Sendable, Equatable {
  /// Where the run lives and what it is seeded with.
  public var run: Run
  /// The global batch of a step.
  public var batch: Batch
  /// AdamW.
  public var optimizer: Optimizer
  /// The learning rate over the steps.
  public var schedule: Schedule
  /// The decay of the moving average of the weights, below 1; see Docs/Training.md, section 2.
  public var averageDecay: Double
  /// Steps of the whole run.
  public var stepCount: Int
  /// The element type that matrix products and convolutions work on.
  public var precision: Precision
  /// A file of weights or a checkpoint to take the first weights from; nil for fresh ones.
  public var initialWeights: String?
  /// When to save.
  public var checkpoint: Checkpoint
  /// When to report.
  public var log: Log
  /// What is scored, and when.
  public var evaluation: Evaluation
  /// How the work is carried out.
  public var execution: Execution

  /// The `run` section.
  public struct Run: Sendable, Equatable {
    /// The run's name: its directory is `output/name`.
    public var name: String
    /// The directory of runs.
    public var output: String
    /// The seed of every random number of the run.
    public var seed: UInt64

    /// The run's directory.
    public var directory: String { output.hasSuffix("/") ? output + name : "\(output)/\(name)" }
  }

  /// The `batch` section: a step's batch is `laneCount * sampleCountPerLane` samples.
  public struct Batch: Sendable, Equatable {
    /// Lanes: the units of work that ranks share out.
    public var laneCount: Int
    /// Samples of a lane.
    public var sampleCountPerLane: Int

    /// Samples of a step on all ranks.
    public var sampleCount: Int { laneCount * sampleCountPerLane }
  }

  /// The `optimizer` section.
  public struct Optimizer: Sendable, Equatable {
    /// The base learning rate.
    public var rate: Double
    /// The decay rate of the first moments.
    public var firstMomentDecay: Double
    /// The decay rate of the second moments.
    public var secondMomentDecay: Double
    /// Added to the root of the second moment.
    public var epsilon: Double
    /// The decay of matrices.
    public var weightDecay: Double
    /// The largest norm that a gradient keeps.
    public var gradientNormLimit: Double
  }

  /// The `schedule` section.
  public struct Schedule: Sendable, Equatable {
    /// The shape of the schedule.
    public var kind: LearningRateSchedule.Kind
    /// Steps of the warm-up.
    public var warmupStepCount: Int
    /// The rate that the decay ends at; without meaning for a constant rate.
    public var endRate: Double
  }

  /// The `checkpoint` section.
  public struct Checkpoint: Sendable, Equatable {
    /// Steps from one checkpoint to the next.
    public var interval: Int
    /// Checkpoints to keep.
    public var keptCount: Int
  }

  /// The `log` section.
  public struct Log: Sendable, Equatable {
    /// Steps from one line to the next.
    public var interval: Int
    /// Steps from one set of pictures to the next; 0 for one at the end only.
    public var imageInterval: Int
    /// Key `gradients_every`: steps from one record of each parameter's gradient norm to the next; 0 for
    /// none.
    public var gradientInterval = 0
    /// Key `usage_warning` of a tokenizer: the share of the codes below which their use deserves a
    /// warning; 0 for none.
    public var leastUsedShare = 0.1
  }

  /// What is allowed but deserves a line in the log of a run on this many ranks.
  public func notes(worldSize: Int) -> [String] {
    var notes: [String] = []
    if schedule.warmupStepCount > stepCount {
      notes.append(
        "schedule.warmup (\(schedule.warmupStepCount)) is longer than the run (steps: "
          + "\(stepCount)): the learning rate never reaches optimizer.rate")
    }
    if execution.reduction == .canonical, !CanonicalTree.hasWholeSubtrees(blockCount: worldSize) {
      notes.append(
        "\(worldSize) ranks are no power of two: the run works, but its bits differ from those of "
          + "1, 2, 4 … ranks")
    }
    if execution.reduction == .fast {
      notes.append(
        "reduction: fast: the bits of this run are the MPI library's, and depend on the number of "
          + "ranks and on bucket_bytes")
    }
    return notes
  }

  /// The learning rate of every step.
  public var learningRates: LearningRateSchedule {
    switch schedule.kind {
    case .constant:
      .constant(base: optimizer.rate, warmupStepCount: schedule.warmupStepCount)
    case .cosine:
      .cosine(
        base: optimizer.rate, end: schedule.endRate, warmupStepCount: schedule.warmupStepCount,
        stepCount: stepCount)
    case .warmupStableDecay:
      .warmupStableDecay(
        base: optimizer.rate, end: schedule.endRate, warmupStepCount: schedule.warmupStepCount,
        stepCount: stepCount)
    }
  }
}

/// The element type of matrix products and convolutions.
public enum Precision: String, Sendable, CaseIterable {
  /// 32 bits everywhere.
  case float32
  /// Operands of 16 bits, sums of 32 bits.
  case bfloat16
}
