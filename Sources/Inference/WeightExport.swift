import ArrayFiles
import Checkpoints
import Configurations

/// A model's weights as a safetensors file under their published names.
public enum WeightExport {
  /// Writes the weights of a model.
  ///
  /// - Parameters:
  ///   - source: The model, and which of its weights.
  ///   - path: The file; it appears whole or not at all.
  ///   - notice: Is told of choices, such as a checkpoint that is passed over.
  /// - Returns: What was written, for people.
  /// - Throws: The errors of the model's files and of the disk.
  public static func write(
    _ source: ModelSource, to path: String, notice: Notice = { _ in }
  ) throws -> String {
    let opened = try source.open(notice)
    let configuration = opened.configuration
    if FileSystem.isSamePlace(path, as: source.path) {
      try OutputCheck.requireApart(path, from: [source.path])
    }
    try FileSystem.checkWritable(path)
    let arena = configuration.makeArena()
    try opened.read(into: arena, notice)
    try PublishedWeights.write(
      arena.values, layouts: ParameterLayout.layouts(of: arena),
      metadata: [
        "kind": configuration.kind.rawValue,
        ModelFile.digestKey: hexadecimal(configuration.modelDigest),
      ], to: path)
    return "\(path): \(arena.parameters.count) tensors of a \(configuration.kind.rawValue), "
      + "\(arena.elementCount) weights"
  }
}
