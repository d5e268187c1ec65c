import Optimizers

/// The keys that configurations of both kinds have, at home in a `TrainingSettings`.
struct TrainingFields<Root> {
  let settings: WritableKeyPath<Root, TrainingSettings>

  var run: Field<Root> {
    typealias Run = TrainingSettings.Run
    return Field(
      "run", settings.appending(path: \.run),
      .section(
        Run(name: "", output: "", seed: 0),
        [
          Field("name", \.name, .text("the run's name")),
          Field("output", \.output, .text("the directory of runs")),
          Field("seed", \.seed, .seed),
        ]))
  }

  var batch: Field<Root> {
    typealias Batch = TrainingSettings.Batch
    return Field(
      "batch", settings.appending(path: \.batch),
      .section(
        Batch(laneCount: 1, sampleCountPerLane: 1),
        [
          Field("lanes", \.laneCount, .integer(in: 1...65_536)),
          Field("per_lane", \.sampleCountPerLane, .integer(in: 1...65_536)),
        ]))
  }

  /// The optimizer and everything else up to the number of steps.
  var optimization: [Field<Root>] {
    typealias Schedule = TrainingSettings.Schedule
    return [
      Field("optimizer", settings.appending(path: \.optimizer), TrainingSettings.optimizerCodec),
      Field("schedule", settings.appending(path: \.schedule), TrainingSettings.scheduleCodec),
      Field(
        "ema", settings.appending(path: \.averageDecay),
        .section(0.0, [Field("decay", \.self, .number(.belowOne))])),
      Field("steps", settings.appending(path: \.stepCount), .stepCount()),
      Field("precision", settings.appending(path: \.precision), .choice()),
    ]
  }

  /// Saving and reporting.
  ///
  /// - Parameters:
  ///   - ofCodebook: Whether there is a codebook, whose use is reported.
  ///   - scores: The keys of `evaluate` that are of this kind of run.
  /// - Returns: The keys, in the order of the document.
  func reporting(
    ofCodebook: Bool = false, scores: [Field<TrainingSettings.Evaluation>]
  ) -> [Field<Root>] {
    typealias Checkpoint = TrainingSettings.Checkpoint
    typealias Log = TrainingSettings.Log
    let usageWarning = Field<Log>(
      "usage_warning", \.leastUsedShare, .number(.belowOne), default: 0.1)
    return [
      Field(
        "init", settings.appending(path: \.initialWeights),
        .optional(.text("a file of weights or a checkpoint"), none: "none"), default: .some(nil)),
      Field(
        "checkpoint", settings.appending(path: \.checkpoint),
        .section(
          Checkpoint(interval: 1, keptCount: 1),
          [Field("every", \.interval, .stepCount()), Field("keep", \.keptCount, .size)])),
      Field(
        "log", settings.appending(path: \.log),
        .section(
          Log(interval: 1, imageInterval: 0),
          [
            Field("every", \.interval, .stepCount()),
            Field("images_every", \.imageInterval, .stepCount(from: 0)),
            Field("gradients_every", \.gradientInterval, .stepCount(from: 0), default: 0),
          ] + (ofCodebook ? [usageWarning] : []))),
      Field(
        "evaluate", settings.appending(path: \.evaluation),
        .section(
          TrainingSettings.Evaluation(),
          [
            Field("every", \.interval, .stepCount(from: 0), default: 0),
            Field("weights", \.weights, .choice(), default: .ema),
          ] + scores), default: TrainingSettings.Evaluation()),
    ]
  }

  /// How the work is carried out; all of it may be left out.
  var execution: [Field<Root>] {
    typealias Deadlines = TrainingSettings.Deadlines
    let standard = TrainingSettings.Execution.standard
    let execution = settings.appending(path: \.execution)
    return [
      Field(
        "threads", execution.appending(path: \.threadCount),
        .optional(.integer(in: 1...4096), none: "automatic"), default: .some(nil)),
      Field(
        "prefetch", execution.appending(path: \.prefetchedStepCount), .integer(in: 1...1024),
        default: standard.prefetchedStepCount),
      Field(
        "reduction", execution.appending(path: \.reduction), .choice(),
        default: standard.reduction),
      Field(
        "wire", execution.appending(path: \.wire), .choice(), default: standard.wire),
      Field(
        "bucket_bytes", execution.appending(path: \.bucketByteCount), .integer(in: 4...1 << 30),
        default: standard.bucketByteCount),
      Field(
        "recompute", execution.appending(path: \.recomputation), .choice(),
        default: standard.recomputation),
      Field(
        "convolutions", execution.appending(path: \.convolutions), .choice(),
        default: standard.convolutions),
      Field(
        "deadlines", execution.appending(path: \.deadlines),
        .section(
          Deadlines.standard,
          [
            Field("start", \.start, .number(.seconds), default: Deadlines.standard.start),
            Field("step", \.step, .number(.seconds), default: Deadlines.standard.step),
            Field("data", \.data, .number(.seconds), default: Deadlines.standard.data),
            Field("save", \.save, .number(.seconds), default: Deadlines.standard.save),
          ]), default: Deadlines.standard),
      Field(
        "digest_every", execution.appending(path: \.digestInterval), .stepCount(from: 0),
        default: standard.digestInterval),
      Field(
        "measure_rate", execution.appending(path: \.measuresRate), .boolean,
        default: standard.measuresRate),
    ]
  }
}

extension TrainingSettings {
  /// A value to fill in while a configuration is read.
  static let blank = TrainingSettings(
    run: Run(name: "", output: "", seed: 0),
    batch: Batch(laneCount: 1, sampleCountPerLane: 1),
    optimizer: .blank, schedule: Schedule(kind: .constant, warmupStepCount: 0, endRate: 0),
    averageDecay: 0, stepCount: 1, precision: .float32, initialWeights: nil,
    checkpoint: Checkpoint(interval: 1, keptCount: 1), log: Log(interval: 1, imageInterval: 0),
    evaluation: Evaluation(), execution: .standard)

  fileprivate static var optimizerCodec: Codec<Optimizer> {
    .section(
      .blank,
      [
        Field("rate", \.rate, .number(.positive)),
        Field("betas", \.momentDecays, .list(.number(.belowOne), count: 2)),
        Field("epsilon", \.epsilon, .number(.positive)),
        Field("weight_decay", \.weightDecay, .number(.notNegative)),
        Field("clip", \.gradientNormLimit, .number(.positive)),
      ])
  }

  /// Which keys a schedule needs depends on its kind: all of them for the cosine; the warm-up for
  /// `wsd`, which ends at 0 unless told otherwise; none for a constant rate.
  fileprivate static var scheduleCodec: Codec<Schedule> {
    func section(warmup: Int?, end: Double?) -> Codec<Schedule> {
      .section(
        Schedule(kind: .constant, warmupStepCount: 0, endRate: 0),
        [
          Field("kind", \.kind, .choice()),
          Field("warmup", \.warmupStepCount, .stepCount(from: 0), default: warmup),
          Field("end_rate", \.endRate, .number(.notNegative), default: end),
        ])
    }
    let cosine = section(warmup: nil, end: nil)
    return Codec(
      expectation: cosine.expectation, keys: cosine.keys,
      read: { tree, path, problems in
        let kind = tree.entries?.last { $0.key == "kind" }?.value.word
        return switch kind {
        case "constant": section(warmup: 0, end: 0).read(tree, path, problems)
        case "wsd": section(warmup: nil, end: 0).read(tree, path, problems)
        default: cosine.read(tree, path, problems)
        }
      },
      write: cosine.write)
  }
}

extension TrainingSettings.Optimizer {
  fileprivate static let blank = Self(
    rate: 1, firstMomentDecay: 0, secondMomentDecay: 0, epsilon: 1, weightDecay: 0,
    gradientNormLimit: 1)

  /// The two decay rates of the moments, as the configuration lists them.
  fileprivate var momentDecays: [Double] {
    get { [firstMomentDecay, secondMomentDecay] }
    set { (firstMomentDecay, secondMomentDecay) = (newValue[0], newValue[1]) }
  }
}
