import Checkpoints
import Configurations

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
    let configuration = try AnyRunConfiguration(
      contentsOf: try source.requiredConfiguration())
    let arena = configuration.makeArena()
    try source.read(into: arena)
    try PublishedWeights.write(
      arena.values, layouts: ParameterLayout.layouts(of: arena),
      metadata: ["kind": configuration.kind.rawValue], to: path)
    return "\(path): \(arena.parameters.count) tensors of a \(configuration.kind.rawValue), "
      + "\(arena.elementCount) weights"
  }
}
