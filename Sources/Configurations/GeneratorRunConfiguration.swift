public import Checkpoints
public import HierarchicalGenerator

/// Everything that a training run of the generator is told: a file of `kind: generator`.
public struct GeneratorRunConfiguration: RunConfiguration {
  /// What both kinds of run are told.
  public var training: TrainingSettings
  /// The model.
  public var model: Generator.Configuration
  /// The tokenizer that the codes come from: a run directory or a checkpoint.
  ///
  /// It turns sampled codes into pictures during training.
  public var tokenizer: String
  /// The codes.
  public var data: CodeData

  /// The `data` section.
  public struct CodeData: Sendable, Equatable {
    /// The file of codes to train on.
    public var codes: String
    /// Key `evaluation`: a file of codes of held-out images; nil (`none`, the default) without.
    public var evaluation: String?
  }

  /// The word after `kind:`.
  public static let kind = RunKind.generator

  /// The keys.
  public static var schema: RunSchema<Self> {
    let training = TrainingFields<Self>(settings: \.training)
    let data: Codec<CodeData> = .section(
      CodeData(codes: "", evaluation: nil),
      [
        Field("codes", \.codes, .text("a file of codes")),
        Field(
          "evaluation", \.evaluation, .optional(.text("a file of codes"), none: "none"),
          default: .some(nil)),
      ])
    return RunSchema(
      .section(
        Self(
          training: .blank, model: .blank, tokenizer: "",
          data: CodeData(codes: "", evaluation: nil)),
        retired: retiredKeys,
        [
          kind.field(), training.run, Field("model", \.model, Generator.Configuration.codec),
          Field("tokenizer", \.tokenizer, .text("a run directory or a checkpoint")),
          Field("data", \.data, data), training.batch,
        ] + training.optimization
          + training.reporting(
            scores: TrainingSettings.Evaluation.generationFields) + training.execution)
    ) { configuration, checker in
      checker.checkRun(configuration.training)
      checker.check(configuration.model)
      checker.check(configuration.training.evaluation.generation)
    }
  }
}
