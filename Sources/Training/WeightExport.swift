import Autodiff
import Checkpoints
import Configurations
import HierarchicalGenerator
import ResidualTokenizer

/// A model's weights as a safetensors file under their published names.
public enum WeightExport {
  /// Writes the weights of a model.
  ///
  /// - Parameters:
  ///   - source: The model, and which of its weights.
  ///   - path: The file; it appears whole or not at all.
  /// - Returns: What was written, for people.
  /// - Throws: The errors of the model's files and of the disk.
  public static func write(_ source: ModelSource, to path: String) throws -> String {
    let arena = ParameterArena()
    let kind: String
    switch try AnyRunConfiguration(contentsOf: try source.requiredConfiguration()) {
    case .tokenizer(let configuration):
      _ = ResTok(configuration.model, in: ParameterScope(arena))
      kind = "tokenizer"
    case .generator(let configuration):
      _ = Generator(configuration.model, in: ParameterScope(arena))
      kind = "generator"
    }
    arena.allocate(forTraining: false)
    try source.read(into: arena)
    try PublishedWeights.write(
      arena.values, layouts: ParameterLayout.layouts(of: arena), metadata: ["kind": kind],
      to: path)
    return "\(path): \(arena.parameters.count) tensors of a \(kind), "
      + "\(arena.elementCount) weights"
  }
}
