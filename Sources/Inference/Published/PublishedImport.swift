import ArrayFiles
import Configurations

/// A published model, with the published program's configuration, as a run directory of this program.
///
/// Source: Docs/PublishedWeights.md.
public enum PublishedImport {
  /// Makes a run directory of published files.
  ///
  /// - Parameters:
  ///   - path: A folder with `config.json` and weights, or a file of weights.
  ///   - configurationPath: The configuration of the published program, JSON or YAML; `config.json` beside
  ///     the weights when nil.
  ///   - output: The run directory, which appears whole or not at all.
  ///   - notice: Is told of everything that is there and was left out.
  /// - Returns: What was written, for people.
  /// - Throws: `CommandError`; `ConfigurationError`, which lists everything that this program cannot take
  ///   over; `WeightMismatch`, which lists everything that is wrong with the weights; `NotFiniteWeights`,
  ///   and the errors of files and of the disk.
  public static func read(
    _ path: String, configurationPath: String?, to output: String, notice: Notice = { _ in }
  ) throws -> String {
    try WeightImport.requireNothing(at: output)
    let files = try PublishedFiles(at: path, configurationPath: configurationPath, notice)
    let weights = try WeightsFile(contentsOf: files.weights)
    let published = try PublishedConfiguration(
      contentsOf: files.configuration, kind: weights.publishedKind())
    if !published.passedOver.isEmpty {
      notice(
        "\(files.configuration): passed over, as no part of the model: "
          + published.passedOver.joined(separator: ", "))
    }
    return try WeightImport.write(
      ModelFile(weights), published.configuration, to: output, notice)
  }
}
