import ArrayFiles
import Autodiff
import Checkpoints
import Configurations
import Kernels
import Optimizers
import Reporting

/// Published weights as a run directory that has trained no step yet.
///
///     config.yaml                       the configuration, with the directory as its run
///     checkpoints/step-000000000/       weights and moving average of the file, moments zero
///
/// Every command takes it as a model, and a training with its `config.yaml` goes on from it.
public enum WeightImport {
  /// Makes a run directory of a safetensors file.
  ///
  /// Equal files and configurations give byte-identical checkpoints, on every machine.
  ///
  /// - Parameters:
  ///   - file: The safetensors file, of float32, float16 or bfloat16.
  ///   - configurationPath: The configuration of the model.
  ///   - output: The run directory, which appears whole or not at all.
  /// - Returns: What was written, for people.
  /// - Throws: `CommandError.outputExists`; `WeightMismatch`, which lists everything that is wrong
  ///   with the file; the errors of the configuration, of the file and of the disk.
  public static func read(
    _ file: String, configurationPath: String, to output: String
  ) throws -> String {
    let path = SystemPath.withoutEndingSlash(output)
    guard FileSystem.kind(of: path, followsLinks: false) == nil else {
      throw CommandError.outputExists(output)
    }
    let configuration = try ModelFile(path: file).configuration(configurationPath)
    let arena = configuration.makeArena()
    try PublishedWeights.read(file, into: arena)
    // The weights are right: from here on only the disk can fail.
    try AtomicFile.publishDirectory(to: path) { temporary in
      let run = RunDirectory(path: temporary)
      switch configuration {
      case .tokenizer(let configuration):
        try write(configuration, .tokenizer, arena, into: run, output: output)
      case .generator(let configuration):
        try write(configuration, .generator, arena, into: run, output: output)
      }
    }
    return "\(output): a \(configuration.kind.rawValue) of \(arena.parameters.count) tensors, "
      + "\(arena.elementCount) weights, at step 0"
  }

  /// Writes configuration and checkpoint of a run whose final directory is `output`.
  private static func write<Configuration: RunConfiguration>(
    _ configuration: Configuration, _ kind: RunKind, _ arena: ParameterArena,
    into run: RunDirectory, output: String
  ) throws {
    var configuration = configuration
    // A training with this file goes on here, and not in the run that the weights come from.
    configuration.training.run.name = SystemPath.name(of: output)
    configuration.training.run.output = SystemPath.parent(of: output)
    _ = try run.writeConfiguration(configuration.yaml)
    try CheckpointStore(root: run.checkpointsPath).write(
      step: 0,
      description: CheckpointDescription(
        kind: kind, configurationDigest: hexadecimal(configuration.digest),
        replicaDigest: hexadecimal(Kernels.digest(of: arena.values.buffer)),
        configuration: configuration.portableYAML,
        // No step was computed, so nothing has to be the same for the same bits.
        pins: [:]),
      networks: [NetworkArrays(name: kind.rawValue, arena, OptimizerState(for: arena))])
  }
}
