import ArrayFiles
public import Configurations
import Foundation

/// What a benchmark trains on made-up samples.
public struct Rehearsal: Sendable {
  /// The configuration; its data are not read.
  private(set) var configuration: AnyRunConfiguration
  /// The name of the configuration's file, without its ending.
  let name: String
  /// Samples of a rank's step.
  let batchSize: Int
  /// Element type of products.
  let precision: Precision
  /// The losses beside reconstruction and quantizer, in a tokenizer's step.
  var losses: Set<RecipeLoss> = []

  /// Reads the configuration.
  ///
  /// - Parameters:
  ///   - configurationPath: The YAML file.
  ///   - overrides: `key.path=value` pairs that replace values of the file.
  ///   - batchSize: Samples of a rank's step; those of the configuration's step when nil.
  ///   - precision: Element type of products; the configuration's when nil.
  /// - Throws: `ConfigurationError`.
  public init(
    configurationPath: String, overrides: [String], batchSize: Int?, precision: Precision?
  ) throws {
    configuration = try AnyRunConfiguration(contentsOf: configurationPath, overrides: overrides)
    name = SystemPath.stem(of: configurationPath)
    self.batchSize = batchSize ?? configuration.training.batch.sampleCount
    self.precision = precision ?? configuration.training.precision
  }

  /// The same with the losses that a run of its configuration would have on.
  public var withConfiguredLosses: Rehearsal {
    var rehearsal = self
    if case .tokenizer(var configuration) = configuration {
      rehearsal.losses = configuration.configuredLosses
      let width = configuration.model.alignmentWidth
      configuration.losses = configuration.losses.named
      configuration.model.alignmentWidth = width
      rehearsal.configuration = .tokenizer(configuration)
    }
    return rehearsal
  }

  /// Whether it is a tokenizer's training, which alone has such losses.
  public var isOfTokenizer: Bool { if case .tokenizer = configuration { true } else { false } }

  /// The configuration of the training itself: a lane of `batchSize` samples a rank, used as they are, and
  /// of the losses those that were chosen, from the first step on.
  ///
  /// - Throws: `ConfigurationError` when the batch does not suit the losses.
  func configuration(worldSize: Int) throws(ConfigurationError) -> AnyRunConfiguration {
    func adapt(_ settings: inout TrainingSettings) {
      settings.batch.laneCount = worldSize
      settings.batch.sampleCountPerLane = batchSize
      settings.precision = precision
    }
    switch configuration {
    case .tokenizer(var configuration):
      adapt(&configuration.training)
      configuration.data.augmentation = .none
      configuration.keep(losses)
      // Read again, for the checks of values against each other.
      let text = configuration.yaml
      return .tokenizer(try TokenizerRunConfiguration(yaml: text, file: name))
    case .generator(var configuration):
      adapt(&configuration.training)
      return .generator(configuration)
    }
  }
}
