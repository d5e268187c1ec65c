import ArrayFiles
import Checkpoints
import Configurations
import Reporting

/// A model as the published program has it: `model.safetensors` and `config.json` in a folder.
///
/// Source: Docs/PublishedWeights.md, section 4.
public enum PublishedExport {
  /// Writes a model.
  ///
  /// - Parameters:
  ///   - source: The model, and which of its weights.
  ///   - includesAlignment: Whether the weights of alignment are written where the model has any; without
  ///     them the published program needs no foundation model.
  ///   - folder: The folder, which appears whole or not at all.
  ///   - notice: Is told of choices, such as a checkpoint that is passed over.
  /// - Returns: What was written, for people.
  /// - Throws: `ConfigurationError`, which lists everything that the published program cannot express;
  ///   `CommandError.outputExists`; the errors of the model's files and of the disk.
  public static func write(
    _ source: ModelSource, includingAlignment includesAlignment: Bool = true, to folder: String,
    notice: Notice = { _ in }
  ) throws -> String {
    try WeightImport.requireNothing(at: folder)
    let opened = try source.open(notice)
    let published =
      includesAlignment ? opened.configuration : opened.configuration.withoutAlignment
    let text = try PublishedConfiguration.text(for: published, file: source.path)
    let arena = opened.configuration.makeArena()
    try opened.read(into: arena, notice)
    let names = Set(published.makeArena().parameters.map(\.name))
    let layouts = ParameterLayout.layouts(of: arena).filter { names.contains($0.name) }
    try AtomicFile.publishDirectory(to: SystemPath.withoutEndingSlash(folder)) { temporary in
      try PublishedWeights.write(
        arena.values, layouts: layouts,
        to: SystemPath.path(of: PublishedFiles.weightNames[0], in: temporary))
      try AtomicFile.write(
        Array(text.utf8),
        to: SystemPath.path(of: PublishedFiles.configurationName, in: temporary))
    }
    let weightCount = layouts.reduce(0) { $0 + $1.range.count }
    return
      "\(folder): \(layouts.count) tensors of a \(published.kind.rawValue), \(weightCount) weights, "
      + "and its config.json"
  }
}

extension AnyRunConfiguration {
  /// The configuration of the model without the weights of alignment.
  fileprivate var withoutAlignment: AnyRunConfiguration {
    guard case .tokenizer(var configuration) = self else { return self }
    configuration.losses.alignment = nil
    configuration.model.alignmentWidth = 0
    return .tokenizer(configuration)
  }
}
